"""The forum, under `api/`: reading in its second version, writing and moderating in the first."""

from __future__ import annotations

from django.urls import path

from . import views_members, views_moderation, views_topics

urlpatterns = [
    path("v1/forums/", views_topics.ForumListView.as_view(), name="forums"),
    path("v1/forums/<int:pk>/topics/", views_topics.ForumTopicsView.as_view(), name="forum-topics"),
    path("v1/topics/", views_topics.NewTopicView.as_view(), name="topic-create"),
    path("v1/topics/<int:pk>/", views_topics.TopicView.as_view(), name="topic"),
    path("v1/posts/", views_topics.NewPostView.as_view(), name="post-create"),
    path("v1/posts/<int:pk>/like/", views_topics.LikeView.as_view(), name="post-like"),
    path("v1/posts/<int:pk>/flag/", views_moderation.FlagView.as_view(), name="post-flag"),
    path("v1/moderation/queue/", views_moderation.QueueView.as_view(), name="moderation-queue"),
    path(
        "v1/moderation/queue/<int:pk>/resolve/",
        views_moderation.ResolveView.as_view(),
        name="moderation-resolve",
    ),
    path("v2/forum/topics/", views_topics.TopicListView.as_view(), name="forum2-topics"),
    path("v2/forum/topics/<int:pk>/posts/", views_topics.TopicPostsView.as_view(), name="forum2-posts"),
    path("v2/forum/recent/", views_topics.RecentView.as_view(), name="forum2-recent"),
    path("v2/forum/search/", views_topics.SearchView.as_view(), name="forum2-search"),
    path("v2/forum/stats/", views_members.StatsView.as_view(), name="forum2-stats"),
    path("v2/forum/leaderboard/", views_members.LeaderboardView.as_view(), name="forum2-leaderboard"),
    path("v2/forum/users/<int:pk>/", views_members.MemberView.as_view(), name="forum2-member"),
    path(
        "v2/forum/users/<int:pk>/topics/",
        views_members.MemberTopicsView.as_view(),
        name="forum2-member-topics",
    ),
    path(
        "v2/forum/users/<int:pk>/posts/", views_members.MemberPostsView.as_view(), name="forum2-member-posts"
    ),
]
