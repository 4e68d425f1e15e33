"""Private files: new, for the owner alone, whole or not there."""

import pytest

from apps.core.files import new_private_file


def test_new_private_file_is_for_the_owner_alone(tmp_path):
    path = tmp_path / "keys.csv"
    with new_private_file(path) as stream:
        stream.write(b"secret")
        assert path.stat().st_mode & 0o777 == 0o600  # also while it is written
    assert path.read_bytes() == b"secret"


def test_new_private_file_never_writes_over_anything(tmp_path):
    path = tmp_path / "keys.csv"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError), new_private_file(path):
        pass
    assert path.read_bytes() == b"old"


def test_new_private_file_leaves_nothing_half_written(tmp_path):
    path = tmp_path / "keys.csv"

    def fail_halfway():
        with new_private_file(path) as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert not path.exists()
