"""Asks this container's own web server for a path; exit 0 for a 200. Used by the health checks of image and compose file.

The Host header is the first of ALLOWED_HOSTS: the server answers no other name.
"""

import http.client
import os
import sys

path = sys.argv[1] if len(sys.argv) > 1 else "/healthz/live"
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
try:
    connection.request("GET", path, headers={"Host": host})
    status = connection.getresponse().status
except (OSError, http.client.HTTPException) as problem:
    sys.exit(f"{path}: {problem}")
sys.exit(0 if status == 200 else f"{path}: {status}")
