"""Wrong keys are counted by address, on the entry page and in the API together."""

from apps.core.throttle import FailureThrottle

# A whole school mistypes from one address; a guesser needs very many more tries than this.
FAILURES = FailureThrottle("entry", limit=60)
