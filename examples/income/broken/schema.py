"""A new batch as it may come from a source that changed: run it in a copy of the example."""

import pandas as pd

batch = pd.read_parquet("data/adult_test.parquet").head(2000)
batch.loc[batch.index[::100], "hours_per_week"] *= -1  # 20 rows
batch["workclass"] = batch["workclass"].replace("Self-emp-not-inc", "Freelance")
batch.loc[batch.index[:50], "sex"] = None
batch.to_parquet("data/adult_batch.parquet", index=False)
