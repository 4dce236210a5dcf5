"""The pages behind an invitation's link, open to anyone who has it."""

from __future__ import annotations

from django.db import IntegrityError
from django.http import Http404
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.views import checked

from . import links
from .models import Guest, Invitation
from .serializers import (
    DeviceSerializer,
    GuestSerializer,
    PublicInvitationSerializer,
    RegisterGuestSerializer,
    RsvpSerializer,
)


def run_out():
    return Response({"detail": "This invitation is over."}, status=status.HTTP_410_GONE)


class LinkView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def find(self, slug):
        """The live invitation; raises Http404, or LinkRunOut after marking it."""
        try:
            invitation = links.live_link(slug)
        except Invitation.DoesNotExist:
            raise Http404 from None
        links.refuse_run_out(invitation)
        return invitation

    def handle_exception(self, exc):
        if isinstance(exc, links.LinkRunOut):
            return run_out()
        return super().handle_exception(exc)


class OpenInvitationView(LinkView):
    def get(self, request, slug):
        invitation = self.find(slug)
        links.record_view(invitation, request)
        regular, _test = links.remaining_links(invitation)
        return Response(PublicInvitationSerializer(invitation).data | {"accepts_guests": regular > 0})


class CheckGuestView(LinkView):
    def post(self, request, slug):
        invitation = self.find(slug)
        data = checked(DeviceSerializer, request)
        guest = links.find_guest(invitation, data["device_fingerprint"], request)
        regular, _test = links.remaining_links(invitation)
        return Response(
            {
                "registered": guest is not None,
                "guest": GuestSerializer(guest).data if guest else None,
                "accepts_guests": regular > 0,
            }
        )


class RegisterGuestView(LinkView):
    def post(self, request, slug):
        invitation = self.find(slug)
        data = checked(RegisterGuestSerializer, request)
        try:
            guest = links.register_guest(invitation, data, request)
        except links.AlreadyRegistered as known:
            return Response({"registered": True, "guest": GuestSerializer(known.guest).data})
        except links.NoLinksLeft:
            return Response({"detail": "The guest list is full."}, status=status.HTTP_403_FORBIDDEN)
        except IntegrityError:
            return Response(
                {"detail": "This device is registering already."}, status=status.HTTP_409_CONFLICT
            )
        return Response(
            {"registered": True, "guest": GuestSerializer(guest).data}, status=status.HTTP_201_CREATED
        )


class RsvpView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request, slug):
        data = checked(RsvpSerializer, request)
        try:
            guest = links.answer(slug, data["device_fingerprint"], data["attending"])
        except (Invitation.DoesNotExist, Guest.DoesNotExist):
            raise Http404 from None
        return Response({"guest": GuestSerializer(guest).data})
