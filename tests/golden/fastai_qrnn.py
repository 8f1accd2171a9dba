# SPDX-License-Identifier: Apache-2.0
"""fastai's quasi-recurrent networks, which it had up to 2.3, on the fastai that is installed: its awdlstm.py and
qrnn.py are taken out of the wheel of that release and run in the place of today's.

    build/venv/bin/pip download --no-deps --dest build fastai==2.3.1"""
import sys
import types
import zipfile

import fastai.text.all  # what the two files build on


def load(wheel):
    """(awdlstm, qrnn) of a fastai wheel."""
    found = []
    for name in ("awdlstm", "qrnn"):
        module = types.ModuleType("fastai.text.models." + name)
        module.__package__, module.__file__ = "fastai.text.models", wheel
        sys.modules[module.__name__] = module
        path = f"fastai/text/models/{name}.py"
        exec(compile(zipfile.ZipFile(wheel).read(path), path, "exec"), module.__dict__)
        found.append(module)
    return found
