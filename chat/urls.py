"""The widget's HTTP interface and files."""

from django.urls import path

from chat import api
from chat.files import FileView

app_name = "chat_api"

urlpatterns = [
    path("api/widget/<slug:site_key>/session", api.SessionView.as_view(), name="session"),
    path("api/widget/<slug:site_key>/logout", api.LogoutView.as_view(), name="logout"),
    path("api/chat/messages", api.MessagesView.as_view(), name="messages"),
    path("api/chat/history", api.HistoryView.as_view(), name="history"),
    path("api/chat/human", api.HumanView.as_view(), name="human"),
    path("api/chat/emergency", api.NotYetView.as_view(), name="emergency"),
    path("api/chat/rate", api.NotYetView.as_view(), name="rate"),
    path("api/chat/feedback", api.NotYetView.as_view(), name="feedback"),
    path("api/chat/attachments", api.AttachmentsView.as_view(), name="attachments"),
    path("api/chat/attachments/<uuid:public_id>", api.AttachmentView.as_view(), name="attachment"),
    path("files/<str:token>", FileView.as_view(), name="file"),
]
