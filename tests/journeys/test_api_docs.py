"""The page that describes the API."""

from playwright.sync_api import expect


def test_the_api_can_be_read_without_any_other_host(page, live_server, transactional_db):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/docs/")
    expect(page.get_by_text("Claim the next answer; what one holds already comes first")).to_be_visible()
    page.get_by_text("Enter with an access key").click()
    expect(page.get_by_text("unknown_key").first).to_be_visible()
    strangers = [url for url in asked if not url.startswith((live_server.url, "data:"))]
    assert strangers == []
