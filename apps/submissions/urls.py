"""The sitting: cover, paper, hand-in, receipt."""

from django.urls import path

from apps.submissions.views import figures, paper, saving, sitting

app_name = "submissions"
urlpatterns = [
    path("exam/", sitting.cover, name="cover"),
    path("exam/start/", sitting.start, name="start"),
    path("exam/paper/", paper.paper, name="paper"),
    path("exam/save/", saving.save, name="save"),
    path("exam/submit/", sitting.submit, name="submit"),
    path("exam/receipt/", sitting.receipt, name="receipt"),
    path("exam/figures/<uuid:public_id>/", figures.figure, name="figure"),
    path("receipts/<str:code>/", sitting.receipt_public, name="receipt_public"),
    path("receipts/<str:code>/receipt.json", sitting.receipt_file, name="receipt_file"),
]
