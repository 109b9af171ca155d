"""The engines that are installed here: the tests run on each of them, and say which are not."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import attrs
import pandas as pd
import pyarrow as pa
import pytest

from customerops.engines import dask as on_dask
from customerops.engines import spark as on_spark

QUIET = "ignore:PySpark does not yet fully support pandas:FutureWarning"


def needs_an_engine() -> None:
    """Skip a whole module where no engine is installed."""
    if not any(map(find_spec, ("pyspark", "dask"))):
        reason = "needs pip install 'customerops[spark,dask]'"
        pytest.skip(reason, allow_module_level=True)


@attrs.frozen
class Engine:
    """An engine as the tests use it: pandas frames in and out."""

    name: str
    module: ModuleType
    frame: Callable[[pd.DataFrame], Any]
    collect: Callable[[Any], pd.DataFrame]

    def __getattr__(self, name: str) -> Any:
        """Return a function of the engine's module."""
        return getattr(self.module, name)


@pytest.fixture(scope="session")
def session() -> Iterator[Any]:
    """A Spark of this machine's own: two cores, three partitions after a shuffle."""
    sql = pytest.importorskip("pyspark.sql", reason="needs pip install 'customerops[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    options = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.adaptive.enabled": "false",  # as many partitions as said, some of them empty
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    session = sql.SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(params=["dask", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that is installed."""
    if request.param == "spark":
        session = request.getfixturevalue("session")
        return Engine(
            "spark",
            on_spark,
            lambda frame: session.createDataFrame(
                pa.Table.from_pandas(frame, preserve_index=False)
            ),
            lambda rows: rows.toArrow().to_pandas(),
        )
    frames = pytest.importorskip("dask.dataframe", reason="needs pip install 'customerops[dask]'")
    return Engine(
        "dask",
        on_dask,
        lambda frame: frames.from_pandas(frame, npartitions=4, sort=False),
        lambda rows: rows.compute(),
    )
