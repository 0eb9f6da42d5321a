"""Sign-in pages of staff."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("verify/", views.verify, name="verify"),
    path("enrol/", views.enrol, name="enrol"),
    path("logout/", views.sign_out, name="logout"),
    path("recovery-codes/", views.recovery_codes, name="recovery_codes"),
    path("password/", views.password, name="password"),
    path("language/", views.language, name="language"),
    path("still-here/", views.still_here, name="still_here"),
]
