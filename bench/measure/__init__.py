# SPDX-License-Identifier: Apache-2.0
"""What bench/run is made of: rows and programs, results, the page."""
