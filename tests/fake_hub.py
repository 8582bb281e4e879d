"""A server that answers as Hugging Face's hub does, as far as runs are fetched and pushed."""

import base64
import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_test"


class FakeHub(ThreadingHTTPServer):
    """Repositories in memory, each with the files of its commits.

    Attributes:
        commits: of each repository its commits, oldest first.
        private: repositories that are made private.
        gated: repositories that nobody is let into.
        fetched: names of the files that were downloaded.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.commits: dict[str, list[dict[str, bytes]]] = {}
        self.private: list[str] = []
        self.gated: set[str] = set()
        self.fetched: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sha(self, repository: str, number: int = -1) -> str:
        """What a commit is called."""
        numbered = range(len(self.commits[repository]))[number]
        return hashlib.sha1(f"{repository} {numbered}".encode()).hexdigest()

    def files(self, repository: str, revision: str = "main") -> dict[str, bytes] | None:
        """The files of a revision; `None` if there is no such one."""
        if revision == "main":
            return self.commits[repository][-1]
        for number, files in enumerate(self.commits[repository]):
            if revision in (self.sha(repository, number), f"v{number}"):
                return files
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeHub

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _send(
        self, status: int, content: bytes = b"", *, body: bool = True, **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _json(self, value: Any, status: int = 200, **headers: str) -> None:
        self._send(status, json.dumps(value).encode(), Content_Type="application/json", **headers)

    def _refuse(self, status: int, code: str) -> None:
        self._json({"error": code}, status, X_Error_Code=code, X_Error_Message=code)

    def _answer(self, body: bool) -> None:
        hub, path = self.server, unquote(urlsplit(self.path).path)
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/(.+))?", path)
        raw = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        repository = (api or raw or [None, ""])[1]
        if repository not in hub.commits:
            return self._refuse(404, "RepoNotFound")
        if repository in hub.gated:
            return self._refuse(403, "GatedRepo")
        revision = (api[3] if api else raw[2] if raw else None) or "main"
        files = hub.files(repository, revision)
        if files is None:
            return self._refuse(404, "RevisionNotFound")
        number = next(i for i, each in enumerate(hub.commits[repository]) if each is files)
        sha = hub.sha(repository, number)
        if raw:
            content = files[raw[3]]
            if body:
                hub.fetched.append(raw[3])
            digest = hashlib.sha1(content).hexdigest()
            return self._send(200, content, body=body, ETag=f'"{digest}"', X_Repo_Commit=sha)
        if api and api[2] == "tree":
            entries = [
                {
                    "type": "file",
                    "path": name,
                    "size": len(content),
                    "oid": hashlib.sha1(content).hexdigest(),
                }
                for name, content in files.items()
            ]
            return self._json(entries)
        siblings = [{"rfilename": name} for name in files]
        return self._json({"id": repository, "sha": sha, "siblings": siblings})

    def do_POST(self) -> None:
        hub, path = self.server, unquote(urlsplit(self.path).path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/api/validate-yaml":
            wrong = (
                [{"message": '"license" must be one of a list'}] if b"nonsense" in content else []
            )
            return self._json({"errors": wrong, "warnings": []}, 400 if wrong else 200)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._refuse(401, "Unauthorized")
        if path == "/api/repos/create":
            asked = json.loads(content)
            repository = f"{asked['organization']}/{asked['name']}"
            if repository not in hub.commits:
                hub.commits[repository] = [{".gitattributes": b""}]
                if asked.get("private") or asked.get("visibility") == "private":
                    hub.private.append(repository)
            return self._json({"url": f"{hub.address}/{repository}", "name": repository})
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/main", path)
        assert found is not None, path
        repository, what = found.groups()
        if what == "preupload":
            names = [each["path"] for each in json.loads(content)["files"]]
            modes = [
                {"path": each, "uploadMode": "regular", "shouldIgnore": False} for each in names
            ]
            return self._json({"files": modes})
        files = dict(hub.commits[repository][-1])
        for line in content.splitlines():
            value = json.loads(line)
            if value["key"] == "file":
                files[value["value"]["path"]] = base64.b64decode(value["value"]["content"])
            elif value["key"] == "deletedFile":
                del files[value["value"]["path"]]
        hub.commits[repository].append(files)
        sha = hub.sha(repository)
        return self._json(
            {"commitUrl": f"{hub.address}/{repository}/commit/{sha}", "commitOid": sha}
        )
