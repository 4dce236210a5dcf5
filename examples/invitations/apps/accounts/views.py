"""The account pages: sign up, log in and out, profile, one-time passwords, the user's plan."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from apps.plans.models import Plan
from apps.plans.serializers import PlanSerializer

from . import services
from .activity import log_activity
from .models import User, UserActivityLog
from .serializers import (
    LoginSerializer,
    LogoutSerializer,
    PasswordSerializer,
    PlanChangeSerializer,
    ProfileSerializer,
    RegisterSerializer,
    SendOtpSerializer,
    UserSerializer,
    VerifyOtpSerializer,
)
from .visitor import client_ip

Activity = UserActivityLog.ActivityType


def checked(serializer_class, request):
    """The request's data after the serializer has accepted it; raises ValidationError (400) otherwise."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def tokens_for(user):
    refresh = RefreshToken.for_user(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


class RegisterView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request):
        data = checked(RegisterSerializer, request)
        taken = services.taken_fields(data["phone"], data["username"], data["email"])
        if taken:
            raise ValidationError({field: ["Another account uses this already."] for field in taken})
        try:
            user = services.register(data, client_ip(request))
        except IntegrityError:
            # Two people signed up with the same name in the same moment.
            raise ValidationError(
                {"detail": "Another account was made with these details just now."}
            ) from None
        log_activity(request, user, Activity.LOGIN, "Made the account")
        return Response(
            {"user": UserSerializer(user).data, "tokens": tokens_for(user)}, status=status.HTTP_201_CREATED
        )


class LoginView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request):
        data = checked(LoginSerializer, request)
        user = services.authenticate(data["login"], data["password"])
        if user is None:
            return Response({"detail": "Wrong login or password."}, status=status.HTTP_401_UNAUTHORIZED)
        if user.is_blocked or not user.is_active:
            return Response({"detail": "This account is closed."}, status=status.HTTP_403_FORBIDDEN)
        user.last_login_ip = client_ip(request)
        user.last_login = timezone.now()
        user.save(update_fields=["last_login_ip", "last_login"])
        log_activity(request, user, Activity.LOGIN)
        return Response({"user": UserSerializer(user).data, "tokens": tokens_for(user)})


class LogoutView(APIView):
    def post(self, request):
        data = checked(LogoutSerializer, request)
        try:
            RefreshToken(data["refresh"]).blacklist()
        except TokenError:
            raise ValidationError({"refresh": ["This token is not valid any more."]}) from None
        log_activity(request, request.user, Activity.LOGOUT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChangePasswordView(APIView):
    def post(self, request):
        data = checked(PasswordSerializer, request)
        if not request.user.check_password(data["old_password"]):
            raise ValidationError({"old_password": ["This is not your password."]})
        request.user.set_password(data["new_password"])
        request.user.save(update_fields=["password", "updated_at"])
        log_activity(request, request.user, Activity.PASSWORD_CHANGE)
        return Response({"detail": "The password was changed."})


class ProfileView(APIView):
    def get(self, request):
        return Response(UserSerializer(request.user).data | services.profile_counts(request.user))

    def put(self, request):
        data = checked(ProfileSerializer, request)
        if (
            data.get("email")
            and User.objects.filter(email=data["email"]).exclude(id=request.user.id).exists()
        ):
            raise ValidationError({"email": ["Another account uses this already."]})
        for field, value in data.items():
            setattr(request.user, field, value)
        request.user.save(update_fields=[*data, "updated_at"])
        log_activity(request, request.user, Activity.PROFILE_UPDATE, changed=sorted(data))
        return Response(UserSerializer(request.user).data)


class SendOtpView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request):
        data = checked(SendOtpSerializer, request)
        user = get_object_or_404(User, phone=data["phone"])
        verification = services.send_otp(user, client_ip(request))
        answer = {"detail": "A code was sent.", "expires_at": verification.expires_at}
        if settings.OTP_IN_RESPONSE:
            answer["otp"] = verification.otp
        return Response(answer)


class VerifyOtpView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request):
        data = checked(VerifyOtpSerializer, request)
        user = get_object_or_404(User, phone=data["phone"])
        if not services.verify_otp(user, data["otp"]):
            raise ValidationError({"otp": ["This code is wrong or has run out."]})
        return Response({"detail": "The phone number is verified."})


class OtpStatusView(APIView):
    def get(self, request):
        latest = services.otp_status(request.user)
        if latest is None:
            return Response({"sent": False})
        return Response({"sent": True, "is_used": latest.is_used, "expires_at": latest.expires_at})


class MyPlanView(APIView):
    def get(self, request):
        plan, order = services.plan_of(request.user)
        return Response(
            {
                "plan": PlanSerializer(plan).data if plan else None,
                "order": order.order_number if order else None,
                "plan_change_requested": request.user.plan_change_requested,
            }
        )


class RequestPlanChangeView(APIView):
    @transaction.atomic
    def post(self, request):
        data = checked(PlanChangeSerializer, request)
        try:
            plan = services.request_plan_change(request.user, data["plan"])
        except Plan.DoesNotExist:
            raise ValidationError({"plan": ["No plan on sale has this code."]}) from None
        log_activity(request, request.user, UserActivityLog.PLAN_CHANGE_REQUEST, wanted=plan.code)
        return Response({"detail": "We will call you about the change.", "plan": PlanSerializer(plan).data})
