"""Addresses of the console."""

from django.urls import path

from console import views

app_name = "console"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("rows/", views.rows, name="rows"),
    path("presence/", views.presence, name="presence"),
    path("socket-ticket", views.socket_ticket, name="socket_ticket"),
    path("tickets/<uuid:public_id>/", views.ticket, name="ticket"),
    path("tickets/<uuid:public_id>/entries", views.entries, name="entries"),
    path("tickets/<uuid:public_id>/entries/<int:seq>/edit", views.edit, name="edit"),
    path("tickets/<uuid:public_id>/entries/<int:seq>/redact", views.redact, name="redact"),
    path("tickets/<uuid:public_id>/messages", views.messages, name="messages"),
    path("tickets/<uuid:public_id>/assign", views.assign, name="assign"),
    path("tickets/<uuid:public_id>/status", views.status, name="status"),
    path("tickets/<uuid:public_id>/read", views.read, name="read"),
]
