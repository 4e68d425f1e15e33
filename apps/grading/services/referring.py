"""Sending an answer to the lead, and the lead's word back."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Referral
from apps.grading.services.queueing import TaskTaken, take

# What is handed to somebody by name waits for them longer than a claim of their own: they may be at lunch.
HANDED_LEASE = timedelta(hours=2)


class NoteMissing(RuleViolation):
    message = "Say in a few words what the lead should look at."
    code = "note_missing"
    status = 400


class ReplyMissing(RuleViolation):
    message = "Say in a few words what the grader should do."
    code = "reply_missing"
    status = 400


class NotReferred(RuleViolation):
    message = "This answer is not with the lead: it was scored or sent back in the meantime."
    code = "not_referred"


@transaction.atomic
def refer_task(*, task_id: int, grader: AbstractBaseUser, note: str, now: datetime) -> Referral:
    """Pass a claimed answer up: it leaves the queue and waits for the lead."""
    task = GradingTask.objects.select_for_update(no_key=True).get(pk=task_id)
    if task.status != TaskStatus.CLAIMED or task.grader_id != grader.pk:
        raise TaskTaken
    if not note.strip():
        raise NoteMissing
    task.status = TaskStatus.REFERRED
    task.grader = None
    task.claimed_at = None
    task.claimed_until = None
    task.save(update_fields=["status", "grader", "claimed_at", "claimed_until"])
    return Referral.objects.create(task=task, grader_id=grader.pk, note=note.strip(), referred_at=now)


@transaction.atomic
def send_back(*, task_id: int, lead: AbstractBaseUser, reply: str, now: datetime) -> Referral:
    """Give a referred answer back to the grader who sent it, with a word; they get it next."""
    task = GradingTask.objects.select_for_update(no_key=True).get(pk=task_id)
    if task.status != TaskStatus.REFERRED:
        raise NotReferred
    if not reply.strip():
        raise ReplyMissing
    referral = resolve(task, lead, now, reply=reply.strip())
    take(task, referral.grader, now, lease=HANDED_LEASE)
    return referral


def resolve(task: GradingTask, lead: AbstractBaseUser, now: datetime, *, reply: str = "") -> Referral:
    """Close the referral of a locked task that is with the lead."""
    referral = Referral.objects.waiting().select_related("grader").get(task=task)
    referral.resolved_at = now
    referral.resolved_by_id = lead.pk
    referral.reply = reply
    referral.save(update_fields=["resolved_at", "resolved_by", "reply"])
    return referral
