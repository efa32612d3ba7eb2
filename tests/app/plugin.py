"""The config plugin: what it writes into Android's manifest and iOS' Info.plist for each of its options, as Expo's own
mods write it. No project of either system is made, and nothing is compiled.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.app.example import COMMANDS, EXAMPLE, MODULES
from tests.app.node import NODE, environment
from tests.conformance.steps import Failed, command

SECONDS = 300.0
PLUGIN = "@ipelya/live-react-native"
NAME = "android:name"
TYPE = "android:foregroundServiceType"
CALLS, ROOMS = "io.wazo.callkeep.VoiceConnectionService", "app.notifee.core.ForegroundService"
EXPECTED_TYPES = {CALLS: "camera|microphone|phoneCall", ROOMS: "mediaPlayback|microphone"}
CAMERA, PHONE, PLAYBACK, MICROPHONE = (
    f"android.permission.FOREGROUND_SERVICE_{use}"
    for use in ("CAMERA", "PHONE_CALL", "MEDIA_PLAYBACK", "MICROPHONE")
)
OF_TYPES = {"camera": CAMERA, "microphone": MICROPHONE, "phoneCall": PHONE, "mediaPlayback": PLAYBACK}
"""Which permission Android wants for which type of service; without it the service is refused."""
TEXTS = {"cameraPermission": "For video.", "microphonePermission": "To speak."}


@dataclass(frozen=True, slots=True)
class Case:
    """One set of options, and what both systems are told then."""

    options: dict[str, Any]
    services: set[str]
    modes: set[str]
    small_window: bool = True
    hosts: tuple[str, ...] = ()


CASES = (
    Case({}, {CALLS, ROOMS}, {"audio", "voip", "remote-notification"}),
    Case({"calls": False}, {ROOMS}, {"audio"}),
    Case({"background": False}, {CALLS}, {"audio", "voip", "remote-notification"}),
    Case({"calls": False, "background": False, "pictureInPicture": False}, set(), set(), small_window=False),
    Case(
        {"linkHosts": ["live.example"]},
        {CALLS, ROOMS},
        {"audio", "voip", "remote-notification"},
        hosts=("live.example",),
    ),
)


@dataclass(frozen=True, slots=True)
class Made:
    """What the systems would be told."""

    manifest: dict[str, Any]
    ios: dict[str, Any]

    @property
    def application(self) -> dict[str, Any]:
        found: dict[str, Any] = self.manifest["application"][0]
        return found

    @property
    def activity(self) -> dict[str, Any]:
        found: dict[str, Any] = self.application["activity"][0]
        return found

    @property
    def permissions(self) -> list[str]:
        return [one["$"][NAME] for one in self.manifest["uses-permission"]]


async def made(folder: Path, plugins: list[Any]) -> Made:
    """What `expo prebuild` would write for an app with these plugins."""
    app = {
        "name": "App",
        "slug": "app",
        "scheme": "ipelya",
        "ios": {"bundleIdentifier": "app.ipelya.live"},
        "android": {"package": "app.ipelya.live"},
        "plugins": plugins,
    }
    (folder / "app.json").write_text(json.dumps({"expo": app}))
    argv: list[str | Path] = [NODE, "node_modules/expo/bin/cli", "config", "--type", "introspect", "--json"]
    said = json.loads(await command(argv, seconds=SECONDS, env=environment(COMMANDS), cwd=folder))
    return Made(said["_internal"]["modResults"]["android"]["manifest"]["manifest"], said["ios"])


def faults(case: Case, found: Made) -> list[str]:
    """What is not as the case says."""
    services = {one["$"][NAME]: one["$"] for one in found.application.get("service", [])}
    wrong = [f"services {sorted(services)}"] if services.keys() != case.services else []
    for name, service in services.items():
        wanted = {OF_TYPES[use] for use in EXPECTED_TYPES[name].split("|")}
        if service[TYPE] != EXPECTED_TYPES[name] or not wanted <= set(found.permissions):
            wrong.append(f"{name}: types {service[TYPE]}, permissions {found.permissions}")
    unused = set(OF_TYPES.values()) - {
        OF_TYPES[use] for name in services for use in EXPECTED_TYPES[name].split("|")
    }
    if asked := unused & set(found.permissions):
        wrong.append(f"permissions that no service needs: {asked}")
    if len(set(found.permissions)) != len(found.permissions) or len(
        found.application.get("service", [])
    ) != len(services):
        wrong.append("something is written twice")
    plist = found.ios["infoPlist"]
    if set(plist.get("UIBackgroundModes", [])) != case.modes:
        wrong.append(f"modes {plist.get('UIBackgroundModes')}")
    said = {plist.get("NSCameraUsageDescription"), plist.get("NSMicrophoneUsageDescription")}
    if said != set(TEXTS.values()):
        wrong.append(f"the texts of permissions: {said}")
    return wrong + window_faults(case, found) + link_faults(case, found)


def window_faults(case: Case, found: Made) -> list[str]:
    activity = found.activity["$"]
    small = activity.get("android:supportsPictureInPicture") == "true"
    resized = "smallestScreenSize" in activity["android:configChanges"].split("|")
    return [] if small == case.small_window and resized >= small else [f"small window: {activity}"]


def link_faults(case: Case, found: Made) -> list[str]:
    """The app's own scheme leads into it always, its hosts where they are named."""
    data = [one["$"] for each in found.activity["intent-filter"] for one in each.get("data", [])]
    web = {
        (one["android:host"], one["android:pathPrefix"]) for one in data if one["android:scheme"] == "https"
    }
    schemes = {
        scheme for one in found.ios["infoPlist"]["CFBundleURLTypes"] for scheme in one["CFBundleURLSchemes"]
    }
    wanted = {(host, place) for host in case.hosts for place in ("/live/", "/call/")}
    domains = found.ios.get("associatedDomains", [])
    held = (
        web == wanted
        and any(one["android:scheme"] == "ipelya" for one in data)
        and "ipelya" in schemes
        and domains == [f"applinks:{host}" for host in case.hosts]
    )
    return [] if held else [f"links: {data}, {domains}"]


async def plugin(folder: Path) -> str:
    """Every set of options; and the plugin named twice, as two libraries would."""
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "package.json").write_text((EXAMPLE / "package.json").read_text())
    for case in CASES:
        listed = [PLUGIN, {**TEXTS, **case.options}]
        for plugins in ([listed], [listed, listed]) if not case.hosts else ([listed],):
            if wrong := faults(case, await made(folder, plugins)):
                raise Failed(f"{case.options}, named {len(plugins)} times: {'; '.join(wrong)}")
    return f"{len(CASES)} sets of options, in Android's manifest and iOS' Info.plist"
