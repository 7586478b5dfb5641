"""One BLAS thread for the tests and for every kernel they start: steady times, the same last digits. No bars."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[name] = "1"
