// What the sources cannot know: how to go about an error that people meet in the morning. One paragraph each, for docs/errors/<code>.md.
export const NOTES = {
  'database-unreachable':
    'Look first whether the server runs at all: `./freshet doctor` says where freshet looks for it and what it hears. The embedded server runs only while `./freshet up` does; after a reboot somebody has to start it. Runs that were going on continue by themselves once it is back.',
  'database-login':
    'The server is there and says no. Most often a password was changed and `.env` was not, or the variable is set in one terminal and not in the service. `./freshet config get database.url` and `./freshet config show` tell which server is meant and where the address comes from (never the password).',
  'database-permission':
    'The message names the table or schema. freshet makes the schemas `freshet`, `freshet_stage` and one a source; its role needs `create` on the database and must own what it made. After a restore under another role, give the schemas to the role of DATABASE_URL.',
  'database-error':
    'A deadlock, a lock that was not given in time or a restart of the server passes by itself: freshet repeats the transaction. Act only when the run has ended with it, or when it comes back each night at the same table; then look who else writes or locks there.',
  'database-newer': 'Somebody ran a newer freshet on this database, often from another checkout. Do not go back: update this one.',
  'no-worker':
    'Nothing is lost and nothing was begun: a run needs a process that carries it. If `./freshet up` runs somewhere, it keeps one; otherwise start `./freshet worker` as a service. Mind the environment: a worker of `development` does not take runs of `production`.',
  'temporal-unreachable':
    'Your tables stay as they are, only nothing runs by itself. Start Temporal (`./freshet up` brings one), then look at `./freshet status`: runs that were claimed meanwhile begin by themselves. In an emergency `./freshet run <pipeline> --local` works without Temporal.',
  'no-progress':
    'The entity was tried again and again, and no page, batch or row came out of it. The text behind the colon is what happened last: its code has a page of its own, begin there.',
  'step-overdue':
    'No attempt at this step ended within the longest time that a step may take. Mostly nobody carried it: no worker was running, or each one died in the middle.',
  'workflow-terminated':
    'Somebody ended the workflow on Temporal’s web page or command line, or Temporal itself did. What was committed stays; run the pipeline again.',
  'worker-stopping':
    'A deploy, a restart, or Ctrl-C. The page in hand is finished or given back, and the next worker goes on there. Only when no worker comes back there is something to do.',
  'no-temporal-server':
    'freshet brings no Temporal server with it; it looks for one and can fetch it. Do one of these, then start again: put Temporal’s command line on the PATH (https://docs.temporal.io/cli#install); set TEMPORAL_CLI_PATH to its program; set TEMPORAL_ADDRESS to a server that runs already; let this machine reach https://temporal.download; or install Go, so that freshet can build it.',
  'no-database':
    'Without DATABASE_URL freshet uses the server that `./freshet up` starts, and that one is not running for this folder. Is `up` running in another terminal, in the same folder and under the same user?',
  'no-temporal':
    'Without TEMPORAL_ADDRESS freshet uses the server that `./freshet up` starts, and that one is not running for this folder. Is `up` running in another terminal, in the same folder and under the same user?',
  'not-set-up':
    'The database is there and empty for freshet. If you expect data in it, DATABASE_URL probably names another one than yesterday: `./freshet config show` tells which, and where the address comes from.',
  'defects-refused':
    'FRESHET_DEFECTS plants mistakes on purpose, for freshet’s own tests. It is set where it must not be: unset it, and look how it came there.',
  'faults-refused':
    'FRESHET_FAULTS breaks things on purpose, for freshet’s own tests. It is set where it must not be: unset it, and look how it came there.',
  'answer-too-large':
    'A service whose answers are this large is mostly asked the wrong question: look at the base URL and the filters of the entity. Where it is a step of freshet itself that says so, it is a mistake of ours; please report it with `./freshet doctor --bundle`.',
  'source-unknown': 'The pipeline file names a source that config/sources.yaml does not have; often one of the two was renamed.',
  'entity-unknown': 'Entities are those of the pipeline file; the message lists them. `./freshet config validate` checks the files.',
  'demo-running': 'The demo keeps everything for itself in a folder of its own; two of them would empty each other’s database.',
  'attempt-superseded':
    'Two workers were at the same entity, because one was silent for too long; the later one counts. This is how it should be. If it comes back all the time, the machine is too busy to give signs of life: look at its load.',
  'extraction-unfinished':
    'Something of this read is not where it should be, so its watermark does not move. Please report it with `./freshet doctor --bundle`; running again is safe.',
  'postgres-already-running':
    'Mostly the remainder of a freshet that was killed. Two servers on one folder would destroy it, so freshet touches neither.',
  'initdb-failed': 'Nearly always the disk is full, or a folder above it lets the server’s user not through.',
  'settings-gone':
    'The row with the settings of the run was deleted from freshet.config. Rows of that table belong to runs: leave them there.',
  'start-unconfirmed':
    'The run has its row, and nobody knows whether Temporal heard of it. Nothing has to be done: whoever finds it starts it again under the same id, so it never runs twice.',
  'part-crashed':
    'The last lines of the part’s log are in the message; the log has the rest. Common reasons: the disk is full, the machine ran out of memory (`dmesg | grep -i kill`), or the port was taken. Unfinished runs go on once everything is up again.',
  'part-not-ready': 'On a machine that is busy a second try is mostly enough. Otherwise the part’s log says what it waits for.',
  'landing-file':
    'Look at the disk first: `df -h` on the folder in the message, then its owner and rights. The file is whole or absent, never half: after a repair the run continues where it stopped.',
  'landing-file-missing':
    'A file that a run still needs is not there: somebody tidied up, or the folder is another one than yesterday (`./freshet config get landing.path`). Put it back from the backup if you can; otherwise run with `--full`, which fetches everything anew.',
  'landing-checksum':
    'The file is not what was written: a disk error, or somebody edited it. Nothing of it was loaded. Check the disk, then run again; freshet reads the entity anew.',
  'batch-file-changed':
    'The landed file differs from its checksum. Nothing of it was loaded. If somebody edited it on purpose, that is not the way to correct data: correct it in the source and run again.',
  'page-file-changed': 'A work file differs from what was stored. Nothing of it was loaded; the next run reads the entity anew by itself.',
  'folder-not-writable':
    'Often the first run was started by another user (root), and the folders belong to that one now. `ls -ld` on the folder tells; `chown -R` mends it.',
  'settings-invalid':
    'Every mistake is listed with its file, line and column, and what is allowed there. `./freshet config validate` checks again without starting anything.',
  'secret-missing':
    'The message names the variable or file and who needs it. In a service, `.env` is read from the project’s folder; variables of your terminal are not those of the service. `./freshet doctor` tells for all sources at once.',
  'source-setting-missing':
    'An address or id of the source is not set for the environment that is read. Are you in the environment you think? `./freshet config show` says so in its first line, and where it comes from.',
  'pipeline-unknown':
    'Pipelines are the files in `config/pipelines`. Called from another folder, freshet uses the pipelines of its own checkout.',
  'zoho-credentials-refused':
    'Somebody withdrew the token, the client was deleted, or the accounts host is of another data centre. Make a new refresh token in Zoho’s API console (self client), put it into the variable that config/sources.yaml names, and run again: nothing else has to be repaired.',
  'zoho-not-authorized':
    'The token works and may not read this. Compare its scopes with those in the message; a scope cannot be added, a new token is needed.',
  'zoho-organization-wrong':
    'The number is in Zoho Books under Settings → Organization profile. Test and live organisations have different ones.',
  'quota-exhausted':
    'Zoho counts per day and organisation. freshet keeps what it has, waits, and the next run continues there; nothing has to be done tonight. If it happens every day, ask for less: look which other programs use the same organisation.',
  'rate-limited':
    'freshet waits as long as the service asks and goes on by itself. If runs take too long because of it, another program probably shares the limit.',
  'too-many-at-once': 'freshet waits and goes on. If it happens every night, lower `limits.concurrent` of the source.',
  'service-unavailable': 'The service has trouble of its own. freshet asks again with growing pauses; status.zoho.com says more.',
  'ledger-does-not-add-up':
    'Each record must be accounted for, and here one is not; so the entity is not called good, although its rows are there. If somebody changed the table by hand, run with `--full`. Otherwise keep everything as it is, run `./freshet verify --deep` and report what it says.',
  'verify-failed':
    'The rows stay, and entities that depend on this one were skipped. `./freshet show <run>` names the check that failed; the next run begins from what is there.',
  'view-blocks-widening':
    'A column has to become wider and a view of yours uses it; PostgreSQL allows no change under a view. Drop the view named in the message, run again, and create the view again. freshet never drops what it did not make.',
  'table-of-another-account':
    'The address or organisation of the source was changed while its tables hold the rows of the old one. Mixing them could never be undone: give the new one a source key of its own.',
  'table-taken': 'Two pipelines would write one table. Each of them must have a source key or entity name of its own.',
  'table-busy':
    'Somebody holds a lock on the table: a long report, a backup, an open transaction in an editor. freshet tries again; `select * from pg_stat_activity` shows who it is.',
  'stage-lost': 'The hidden tables of this batch are gone. Nothing of it reached your tables; the next attempt fills them anew.',
  'host-unknown':
    'Either the name in the source’s address is misspelt, or this machine cannot resolve names at all: `getent hosts <name>` tells which.',
  'certificate-refused':
    'The clock of this machine, an expired certificate, or a proxy of your company that puts its own in between. freshet never goes on without a valid one.',
  'run-unknown': '`./freshet history` lists the runs; a beginning or end of an id is enough.',
  unforeseen:
    'freshet met something nobody thought of. With `-v` it says where. Please report it with that text and `./freshet doctor --bundle`.',
  unexpected:
    'freshet met something nobody thought of. What was committed stays. Run again; if it comes back, report it with `./freshet doctor --bundle`.',
};

/** Codes that are put together while running: what the sources say of them. */
export const COMPOSED = {
  'run-failed': {
    file: 'client/run-view.ts',
    messages: ['No entity of the run completed; the first one’s error is shown with it.'],
    remedies: ['Look at the first error: its code has a page of its own. Mend that, then run again.'],
    commands: ['./freshet show <run>'],
  },
  'run-partial': {
    file: 'client/run-view.ts',
    messages: ['Some entities did not complete; the others are good.'],
    remedies: ['Look which ones and why; entities that waited for them were skipped. The next run reads what is missing.'],
    commands: ['./freshet show <run>'],
  },
  'run-cancelled': {
    file: 'client/run-view.ts',
    type: 'cancelled',
    messages: ['Somebody ended the run.'],
    remedies: ['Nothing to repair. Run it again when you want the rest.'],
    commands: ['./freshet show <run>'],
  },
};
