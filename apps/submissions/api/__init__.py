"""A contestant's exam for programs: entering, starting, writing, handing in."""

from apps.submissions.api.entering import EnterByKey
from apps.submissions.api.sitting import Me, MyPaper, SaveMine, StartMine, SubmitMine

__all__ = ["EnterByKey", "Me", "MyPaper", "SaveMine", "StartMine", "SubmitMine"]
