"""Every block of code in verify-tokens.md stands in one of the examples, word for word."""

import re
from pathlib import Path

here = Path(__file__).parent
files = [path.read_text() for pattern in ("node/*.js", "python/*.py", "rust/src/*.rs") for path in here.glob(pattern)]
blocks = re.findall(r"```(?:js|python|rust)\n(.*?)```", here.with_suffix(".md").read_text(), re.DOTALL)
assert blocks, "there are blocks"
for block in blocks:
    assert any(block in file for file in files), f"in no file:\n{block}"
