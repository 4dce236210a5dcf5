-- Whether our role has a job of that name.
SELECT j.jobid FROM cron.job AS j WHERE j.jobname = %(name)s AND j.username = CURRENT_USER
