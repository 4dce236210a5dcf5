from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("register/", views.RegisterView.as_view(), name="auth-register"),
    path("login/", views.LoginView.as_view(), name="auth-login"),
    path("logout/", views.LogoutView.as_view(), name="auth-logout"),
    path("change-password/", views.ChangePasswordView.as_view(), name="auth-change-password"),
    path("profile/", views.ProfileView.as_view(), name="auth-profile"),
    path("send-otp/", views.SendOtpView.as_view(), name="auth-send-otp"),
    path("verify-otp/", views.VerifyOtpView.as_view(), name="auth-verify-otp"),
    path("otp-status/", views.OtpStatusView.as_view(), name="auth-otp-status"),
    path("my-plan/", views.MyPlanView.as_view(), name="auth-my-plan"),
    path("request-plan-change/", views.RequestPlanChangeView.as_view(), name="auth-request-plan-change"),
]
