"""What the benchmarks share: where `sweep` runs their rows."""

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path


def add_options(parser, processes=None):
    """Add the options --processes, by default all cores, and --dask."""
    cores = os.cpu_count()
    parser.add_argument(
        "--processes",
        type=int,
        nargs="?",
        const=cores,
        default=processes or cores,
        help="their number; without one, all cores",
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="of the scheduler of a Dask cluster, to run there")


def executor(args, *modules):
    """Make what runs the rows: this process, several, or a cluster, which is sent the modules of this folder."""
    if args.dask:
        from dask.distributed import Client

        client = Client(args.dask)  # its workers need minikan and what the benchmark imports
        for name in modules:
            client.upload_file(str(Path(__file__).with_name(f"{name}.py")))
        return client.get_executor()
    return ProcessPoolExecutor(args.processes) if args.processes > 1 else nullcontext()
