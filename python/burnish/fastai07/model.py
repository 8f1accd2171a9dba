# SPDX-License-Identifier: Apache-2.0
"""Scripts import its names along with others; none of them is there."""
from .dataset import *  # noqa: F401,F403
from .metrics import *  # noqa: F401,F403
from .names import finish

finish(globals(), "model")
