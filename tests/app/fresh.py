"""A new app that follows MOBILE-INTEGRATION.md: every command of the page is run in an empty folder, every file that it
names is written there; then the compiler, Metro and the config plugin judge it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.app import hermes
from tests.app.example import COMMANDS, HOOKS, LIVE, MODULES
from tests.app.node import NODE, NPM, environment
from tests.app.page import Written, commands, files
from tests.conformance.steps import Failed, command

SECONDS = 600.0
IOS_KEYS = {"UIBackgroundModes", "NSCameraUsageDescription", "NSMicrophoneUsageDescription"}
SERVICES = ("io.wazo.callkeep.VoiceConnectionService", "app.notifee.core.ForegroundService")


async def pack(folder: Path) -> Path:
    """Both packages as npm packs them; the folder that has them."""
    for package in (LIVE, HOOKS):
        argv: list[str | Path] = [NODE, NPM, "pack", "--ignore-scripts", "--pack-destination", folder]
        await command(argv, seconds=SECONDS, env=environment(COMMANDS), cwd=package)
    return folder


async def fresh(folder: Path) -> str:
    """The page, followed from an empty folder."""
    packages = folder / "packages"
    packages.mkdir()
    await pack(packages)
    env = {**environment(COMMANDS), "PACKAGES": str(packages), "npm_config_prefer_offline": "true"}
    app = folder / "my-app"
    for turn in turns():
        await shell(turn.block, app if turn.in_app else folder, env)
        if not turn.in_app:
            write_files(app)
    await command(
        [NODE, MODULES / "typescript" / "bin" / "tsc", "--noEmit", "-p", app],
        seconds=SECONDS,
        env=env,
        cwd=app,
    )
    out = folder / "out"
    # One phone: the example is bundled for both.
    await hermes.export(app, out, ("android",))
    manifest(app)
    await info_plist(app, env)
    return f"{len(turns())} blocks of commands, {len(files())} files; {hermes.bytecode(out, ('android',))}"


@dataclass(frozen=True, slots=True)
class Turn:
    """A block of the page's commands, and whether it is run in the app's folder or in the empty one above it."""

    block: str
    in_app: bool


def turns() -> list[Turn]:
    """Every block of the page in its order: the first one makes the app."""
    blocks = commands()
    if len(blocks) < 2 or not files():
        raise Failed("the page makes no app, or names no file")
    return [Turn(block, in_app=number > 0) for number, block in enumerate(blocks)]


def write_files(app: Path) -> None:
    for file in files():
        (app / file.name).parent.mkdir(parents=True, exist_ok=True)
        (app / file.name).write_text(merged(app / file.name, file))


def merged(path: Path, file: Written) -> str:
    """`app.json` gains what the page says; any other file is replaced."""
    if path.suffix != ".json" or not path.exists():
        return file.text
    whole, more = json.loads(path.read_text()), json.loads(file.text)
    whole["expo"] |= more["expo"]
    return json.dumps(whole, ensure_ascii=False, indent=2)


async def shell(block: str, folder: Path, env: dict[str, str]) -> None:
    await command(["bash", "-euo", "pipefail", "-c", block], seconds=SECONDS, env=env, cwd=folder)


def manifest(app: Path) -> None:
    """What `expo prebuild` made of the config plugin on Android."""
    text = (app / "android" / "app" / "src" / "main" / "AndroidManifest.xml").read_text()
    wanted = [
        "android.permission.FOREGROUND_SERVICE_MICROPHONE",
        "android.permission.FOREGROUND_SERVICE_MEDIA_PLAYBACK",
        "android.permission.MANAGE_OWN_CALLS",
        'android:foregroundServiceType="camera|microphone|phoneCall"',
        'android:foregroundServiceType="mediaPlayback|microphone"',
        'android:name="android.permission.SCHEDULE_EXACT_ALARM" tools:node="remove"',
        'android:supportsPictureInPicture="true"',
        "io.livekit.reactnative.expo.ANDROID_AUDIO_TYPE",
    ]
    missing = [one for one in wanted if one not in text]
    missing += [one for one in SERVICES if text.count(f'android:name="{one}"') != 1]
    if missing:
        raise Failed(f"AndroidManifest.xml lacks {missing}")


async def info_plist(app: Path, env: dict[str, str]) -> None:
    """What it says to iOS, whose project is made on a Mac."""
    argv: list[str | Path] = [
        NODE,
        app / "node_modules" / "expo" / "bin" / "cli",
        "config",
        "--type",
        "introspect",
        "--json",
    ]
    plist = json.loads(await command(argv, seconds=SECONDS, env=env, cwd=app))["ios"]["infoPlist"]
    if not plist.keys() >= IOS_KEYS or not {"audio", "voip"} <= set(plist["UIBackgroundModes"]):
        raise Failed(f"Info.plist lacks something of {sorted(IOS_KEYS)}: {plist}")
