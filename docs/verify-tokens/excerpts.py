"""Every block of code in the pages for backends stands in one of the examples, word for word."""

import re
from pathlib import Path

here = Path(__file__).parent
files = [path.read_text() for pattern in ("node/*.js", "python/*.py", "rust/src/*.rs") for path in here.glob(pattern)]
pages = [here.with_suffix(".md"), *here.parent.glob("backends/*.md")]
blocks = [block for page in pages for block in re.findall(r"```(?:js|python|rust)\n(.*?)```", page.read_text(), re.DOTALL)]
assert len(blocks) == 5, "the pages show five blocks"
for block in blocks:
    assert any(block in file for file in files), f"in no file:\n{block}"
