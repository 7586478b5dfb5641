"""Run notebooks and tests as other processors would: what they print has to be the same.

    python benchmarks/processors.py [what pytest takes, by default tutorial/solutions]

NumPy and OpenBLAS choose their code by the processor; each choice adds in another order, so that the last digits
differ. Training carries them on: what depends on them must not be printed, nor tested. Here both are told to do as a
processor with vectors of 2, 4 or 8 numbers, as far as this one has them. Takes two minutes for each. Fails where
pytest does.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__ as CHOICES
from numpy._core._multiarray_umath import __cpu_features__ as FEATURES

ROOT = Path(__file__).resolve().parents[1]
WIDEST = [
    each for each in CHOICES if "512" in each or each == "X86_V4"
]  # what only processors with AVX-512 have
PROCESSORS = {  # OpenBLAS's name, what it needs, and what NumPy does without
    "2 numbers": ("Prescott", "SSE3", CHOICES),
    "4 numbers": ("Haswell", "AVX2", WIDEST),
    "8 numbers": ("SkylakeX", "AVX512F", []),
}


def main():
    if platform.machine().lower() not in ("x86_64", "amd64"):
        sys.exit("only processors of the x86 family can do as others of it")
    wanted, failed = sys.argv[1:] or [str(ROOT / "tutorial/solutions")], []
    for name, (blas, need, without) in PROCESSORS.items():
        if not FEATURES[need]:
            print(f"{name}: this processor has no {need}")
            continue
        print(f"{name}: OpenBLAS as for {blas}, NumPy without {', '.join(without) or 'nothing'}", flush=True)
        disabled = [each for each in without if FEATURES[each]]
        environment = os.environ | {"OPENBLAS_CORETYPE": blas, "NPY_DISABLE_CPU_FEATURES": " ".join(disabled)}
        command = [sys.executable, "-m", "pytest", "-q", "--durations=0", "-p", "no:cacheprovider", *wanted]
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            failed.append(name)
    sys.exit(f"not the same as for {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
