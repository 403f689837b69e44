"""A headless Chromium, driven over its own debugging protocol: what a person does with mouse and keyboard, and what they see."""

import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--remote-debugging-port=0", "--window-size=1500,1000")  # fmt: skip
WAIT_SECONDS = 120
KEYS = {"Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "ArrowRight": ("ArrowRight", 39, ""), " ": ("Space", 32, " ")}

# Visible things by what they are called, as a screen reader would name them.
FINDER = """
(kind, name) => [...document.querySelectorAll(kind)].find((each) => {
  const label = each.getAttribute("aria-label") || each.labels?.[0]?.innerText || each.innerText || each.placeholder || "";
  return label.replace("\\n", "").trim().startsWith(name) && (each.type === 'checkbox' || each.getClientRects().length);
})
"""


class Browser:
    """One tab. Every wait ends as soon as the page is as wanted, or with what it shows instead."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self._send(f"{domain}.enable")

    def take_cookie(self, url: str, name: str, value: str) -> None:
        """Have a cookie of an address, as from an earlier visit."""
        self._send("Network.setCookie", url=url, name=name, value=value)

    def forget(self) -> None:
        """Leave the page and sign everybody out; what was fetched of Airflow's own files stays in the cache."""
        self.run("location.protocol.startsWith('http') && (localStorage.clear(), sessionStorage.clear())")
        self._send("Network.clearBrowserCookies")
        self.open("about:blank")
        self._until("location.href === 'about:blank'", "an empty page")
        self.errors.clear()

    def open(self, url: str) -> None:
        """Go to an address."""
        self._send("Page.navigate", url=url)

    def see(self, words: str, kind: str = "body") -> str:
        """Wait until an element shows these words; return all it shows."""
        shown = f"[...document.querySelectorAll({json.dumps(kind)})].map((each) => each.innerText)"
        script = f"{shown}.find((all) => all && all.includes({json.dumps(words)}))"
        return str(self._until(script, f"{words!r} in {kind}"))

    def has(self, kind: str, name: str) -> bool:
        """Tell whether there is such an element now."""
        return bool(self.run(f"Boolean(({FINDER})({json.dumps(kind)}, {json.dumps(name)}))"))

    def click(self, kind: str, name: str) -> None:
        """Click the element of this kind and name, once it is there and enabled."""
        find = f"({FINDER})({json.dumps(kind)}, {json.dumps(name)})"
        self._until(
            f"(() => {{ const e = {find}; if (!e || e.disabled) return false; e.click(); return true; }})()",
            f"{kind} {name!r} to click",
        )

    def fill(self, name: str, words: str) -> None:
        """Type into the field of this name."""
        find = f"({FINDER})('input', {json.dumps(name)})"
        self._until(
            f"(() => {{ const e = {find}; if (!e) return false; e.focus(); e.select(); return true; }})()", f"field {name!r}"
        )
        self._send("Input.insertText", text=words)

    def press(self, key: str) -> None:
        """Press a key on whatever has the focus."""
        code, number, words = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            typed = {"text": words} if words and kind == "keyDown" else {}
            self._send("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number, **typed)

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self._send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def _until(self, script: str, wanted: str) -> Any:
        end = time.monotonic() + WAIT_SECONDS
        while not (value := self._glance(script)):
            if time.monotonic() > end:
                raise AssertionError(
                    f"waited for {wanted}, the page shows:\n{self.run('document.body.innerText')}\n{self.errors}"
                )
            time.sleep(0.05)
        return value

    def _glance(self, script: str) -> Any:
        """The value of an expression, None while the page changes under it."""
        answer = self._answer("Runtime.evaluate", expression=script, returnByValue=True)
        return None if "error" in answer else answer["result"].get("result", {}).get("value")

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        message = self._answer(method, **params)
        assert "error" not in message, message
        return dict(message["result"])

    def _answer(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=WAIT_SECONDS))
            if message.get("id") == number:
                return dict(message)
            if message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"]["exception"].get("description", ""))


@contextmanager
def browser(scheme: str = "light") -> Iterator[Browser]:
    """Start a Chromium with an empty profile and end it."""
    assert CHROMIUM
    profile = Path(tempfile.mkdtemp(prefix="lockstep-browser-"))
    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        port = _port(profile / "DevToolsActivePort", process)
        tab = requests.put(f"http://127.0.0.1:{port}/json/new?about:blank", timeout=WAIT_SECONDS).json()
        with connect(tab["webSocketDebuggerUrl"], max_size=None, open_timeout=WAIT_SECONDS) as socket:
            opened = Browser(socket)
            opened._send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            yield opened
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(profile, ignore_errors=True)


def _port(file: Path, process: "subprocess.Popen[bytes]") -> int:
    end = time.monotonic() + WAIT_SECONDS
    while not (file.exists() and file.read_text().strip()):
        assert process.poll() is None, "chromium ended at once"
        assert time.monotonic() < end, "chromium did not start"
        time.sleep(0.05)
    return int(file.read_text().splitlines()[0])
