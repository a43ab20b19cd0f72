"""A headless Chromium, driven over WebDriver: what the tests of the status page look through."""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from typing import Any

from .wait import eventually


class Browser:
    """One window. Wants Debian's `chromium` and `chromium-driver`."""

    def __init__(self, width: int = 1280, height: int = 1000):
        driver = shutil.which("chromedriver")
        assert driver, "chromedriver is not installed: apt-get install chromium chromium-driver"
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self.profile = tempfile.TemporaryDirectory(prefix="kevy-browser-", ignore_cleanup_errors=True)
        self.process = subprocess.Popen([driver, f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = None
        try:
            eventually(self._is_ready, "chromedriver starts")
            flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     f"--user-data-dir={self.profile.name}", f"--window-size={width},{height}"]
            options = {"browserName": "chrome", "goog:chromeOptions": {"args": flags}, "goog:loggingPrefs": {"browser": "ALL"}}
            self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def _is_ready(self) -> bool:
        try:
            return self._call("GET", "/status")["ready"]
        except (urllib.error.URLError, ConnectionError):
            return False

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"the browser refuses {path}: {error.read().decode(errors='replace')[:500]}") from error

    def open(self, url: str) -> None:
        self._call("POST", f"/session/{self.session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """What the body of a function returns in the page."""
        return self._call("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": []})

    def complaints(self) -> list[str]:
        """Errors on the page's console."""
        log = self._call("POST", f"/session/{self.session}/se/log", {"type": "browser"})
        return [line["message"] for line in log if line["level"] == "SEVERE"]

    def screenshot(self) -> bytes:
        """A picture of the window, as PNG."""
        return base64.b64decode(self._call("GET", f"/session/{self.session}/screenshot"))

    def close(self) -> None:
        if self.session:
            self._call("DELETE", f"/session/{self.session}")
        self.process.terminate()
        self.process.wait(10)
        self.profile.cleanup()

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
