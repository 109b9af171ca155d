"""Without Spark or Dask: the modules load, a call says what to install, nothing else needs them."""

import json
import subprocess
import sys

import pytest

from customerops import MissingDependencyError, engines
from customerops.engines import dask, spark

LOG = {"customer_id": "user", "at": "ts", "kind": "event"}
PROBE = """
import json, sys
import customerops
from customerops.engines import dask, spark
customerops.engines.Reduced, customerops.engines.spark.map
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [(spark, "pyspark.sql", "spark"), (dask, "dask.dataframe", "dask")],
    ids=["spark", "dask"],
)
@pytest.mark.parametrize("call", ["reduce", "reduce_all", "map"])
def test_the_command_is_in_the_message(
    monkeypatch: pytest.MonkeyPatch, module: object, package: str, extra: str, call: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=rf"pip install 'customerops\[{extra}\]'$"):
        getattr(module, call)(None, {} if call == "reduce_all" else len, log=LOG)


def test_loading_the_engines_loads_neither() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert not {"pyspark", "dask", "pyarrow", "pandas"} & set(json.loads(run.stdout))


def test_the_names_of_the_package() -> None:
    assert set(engines.__all__) <= set(dir(engines))
