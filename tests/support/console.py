"""Working with the console's lists as a browser does."""

import html
import re

from django.urls import reverse


def listed(model, app="access"):
    return reverse(f"admin:{app}_{model}_changelist")


def act(client, model, action, rows, **fields):
    """Choose rows of a list and an action for them; `fields` answer the page that asks."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return client.post(listed(model), data, follow=True)


def text_of(response):
    """What a page says, without its markup."""
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(text))
