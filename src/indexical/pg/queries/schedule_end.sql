-- Ends a job of our role by its name.
SELECT cron.unschedule(%(name)s) AS ended
