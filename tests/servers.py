"""Servers that tests start, and how they are ended."""

import subprocess

ENDING = 60  # seconds to end by itself


def stop(server):
    """Ask a process to end, and make it end if it does not: now and then a thread of JupyterLab waits for ever."""
    server.terminate()
    try:
        server.wait(ENDING)
    except subprocess.TimeoutExpired:
        server.kill()  # its kernels end with it
        server.wait()
