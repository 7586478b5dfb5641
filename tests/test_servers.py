import os
import subprocess
import sys

import pytest
import servers

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no process can refuse to end")
def test_a_server_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(servers, "ENDING", 0.1)
    server = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    server.stdout.readline()  # now it refuses
    servers.stop(server)
    server.stdout.close()
    assert server.returncode < 0
