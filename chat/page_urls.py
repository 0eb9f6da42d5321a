"""The pages that the customer's browser opens, and the script that brings them there."""

from django.urls import path

from chat import demo, pages

app_name = "chat"

urlpatterns = [
    path("widget.js", pages.loader, name="loader"),
    path("widget/<slug:site_key>/", pages.widget, name="widget"),
    path("chat/<slug:site_key>/", pages.full_page, name="page"),
    path("demo/", demo.exchange, name="demo"),
    path("demo/identity", demo.identity, name="demo_identity"),
]
