"""Checkpoints of these tests lie in a folder of their own: workers of other tests write theirs into the run's."""

import pytest


@pytest.fixture(autouse=True)
def own_checkpoints(settings, tmp_path):
    settings.DATA_DIR = tmp_path
