#!/bin/sh
# What a boot does: the service is started.
systemctl start vaad.service
