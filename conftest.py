"""One BLAS thread for the tests and for every kernel they start: steady times, and the same last digits."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
