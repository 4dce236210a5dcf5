"""machina's apps with the kind of primary key its own migrations have.

The project's ``DEFAULT_AUTO_FIELD`` is a bigint; machina's migrations make integers and do not say so, and without this
`makemigrations` would want to write migrations into the installed package. machina looks an app up by the last part of its
entry in ``INSTALLED_APPS``, so each class is named after its app.
"""

from __future__ import annotations

from machina.apps.forum.apps import ForumAppConfig
from machina.apps.forum_conversation.apps import ForumConversationAppConfig
from machina.apps.forum_conversation.forum_attachments.apps import ForumAttachmentsAppConfig
from machina.apps.forum_conversation.forum_polls.apps import ForumPollsAppConfig
from machina.apps.forum_member.apps import ForumMemberAppConfig
from machina.apps.forum_moderation.apps import ForumModerationAppConfig
from machina.apps.forum_permission.apps import ForumPermissionAppConfig
from machina.apps.forum_tracking.apps import ForumTrackingAppConfig

_INTEGER = "django.db.models.AutoField"


class forum(ForumAppConfig):
    default_auto_field = _INTEGER


class forum_conversation(ForumConversationAppConfig):
    default_auto_field = _INTEGER


class forum_attachments(ForumAttachmentsAppConfig):
    default_auto_field = _INTEGER


class forum_polls(ForumPollsAppConfig):
    default_auto_field = _INTEGER


class forum_member(ForumMemberAppConfig):
    default_auto_field = _INTEGER


class forum_moderation(ForumModerationAppConfig):
    default_auto_field = _INTEGER


class forum_permission(ForumPermissionAppConfig):
    default_auto_field = _INTEGER


class forum_tracking(ForumTrackingAppConfig):
    default_auto_field = _INTEGER
