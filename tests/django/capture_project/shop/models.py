from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=40)
    status = models.CharField(max_length=20)
    total = models.DecimalField(max_digits=8, decimal_places=2)
    note = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)


class Login(models.Model):
    phone = models.CharField(max_length=20)
    otp = models.CharField(max_length=12)
    password = models.CharField(max_length=100)
