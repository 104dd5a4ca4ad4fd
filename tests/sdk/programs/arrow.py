"""The AWS SDK for C++, in pyarrow."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from pyarrow import fs
from told import call_on

store = fs.S3FileSystem(
    region=os.environ["AWS_REGION"], endpoint_override=urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc, scheme="http",
    retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),
)  # fmt: skip
call_on(lambda: store.get_file_info(fs.FileSelector("")))
