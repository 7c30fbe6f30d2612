"""What happened for real: incidents behind every card of the gallery, each with its source.

Facts and figures are as reported by the sources, in words of our own. Where accounts disagree, or a figure could not
be confirmed, ``conflict`` says so, and both stand side by side. Nobody is to blame here: these organisations told the
rest of us what they had learnt, and most of what we know about failing we know from such reports.

Many of them were found through two lists: "A List of Post-mortems!" (github.com/danluu/post-mortems) and "Postmortem
Index" (github.com/icco/postmortems).

>>> print(INCIDENTS[12][0])
Cloudflare, 1 January 2017: At a leap second the clock went backwards. A round-trip time became negative, a random \
choice that was weighted by it refused the number and panicked, and 0.2 % of DNS queries failed at the peak. \
[How and why the leap second affected Cloudflare DNS. Cloudflare, 2017. \
https://blog.cloudflare.com/how-and-why-the-leap-second-affected-cloudflare-dns/]
"""

from __future__ import annotations

from typing import NamedTuple

UNDATED = 0


class Source(NamedTuple):
    """Where it was read.

    Fields:
        title: as printed; where a report has none, what it is.
        publisher: who stands behind it.
        year: when it was published; ``UNDATED`` where the page does not say.
        url: an address under which it was, or is, to be found. Empty where we know the title only.
    """

    title: str
    publisher: str
    year: int
    url: str = ""

    def __str__(self) -> str:
        return f"{self.title}. {self.publisher}, {self.year or 'undated'}.{f' {self.url}' if self.url else ''}"


class Incident(NamedTuple):
    """One real incident.

    Fields:
        organisation: whose service it was, as named at the time.
        year: the year in which it happened.
        when: the day and the month, as far as known.
        what: what happened, in at most a few short sentences.
        source: the best account: the organisation's own report, a regulator, a court or a paper, else the press.
        conflict: what other accounts say, or what could not be confirmed.
        also: further sources, such as those that disagree.
    """

    organisation: str
    year: int
    when: str
    what: str
    source: Source
    conflict: str = ""
    also: tuple[Source, ...] = ()

    def __str__(self) -> str:
        date = f"{self.when} {self.year}".strip()
        but = f" But: {self.conflict}" if self.conflict else ""
        return f"{self.organisation}, {date}: {self.what}{but} [{'; '.join(map(str, (self.source, *self.also)))}]"


AWS = "Amazon Web Services"

#: The outage of 19 and 20 October 2025 teaches two cards a lesson: who depended on it, and what set it off.
DYNAMODB_2025 = Source(
    "Summary of the Amazon DynamoDB Service Disruption in the Northern Virginia (US-EAST-1) Region",
    AWS,
    2025,
    "https://aws.amazon.com/message/101925/",
)

CRASH_LOOP = (
    Incident(
        "Google Cloud",
        2025,
        "12 June",
        "A policy with blank fields spread to every region within seconds. The service that checks each request met a "
        "null pointer there and crashed, again after each restart. Once it was fixed, everything restarting at once "
        "slowed recovery in the largest region.",
        Source(
            "Incident report on API errors of 12 June 2025",
            "Google Cloud Service Health",
            2025,
            "https://status.cloud.google.com/incidents/ow5i3PPK96RduMcb1SsW",
        ),
    ),
    Incident(
        "CrowdStrike",
        2024,
        "19 July",
        "A content update made a security sensor read a 21st value where only 20 were supplied. About 8.5 million "
        "Windows machines crashed, many again at each start. The update was withdrawn after 78 minutes; machines had "
        "to be repaired one by one.",
        Source(
            "External Technical Root Cause Analysis: Channel File 291",
            "CrowdStrike",
            2024,
            "https://www.crowdstrike.com/falcon-content-update-remediation-and-guidance-hub/",
        ),
        conflict="8.5 million is an estimate that Microsoft made, not a count.",
    ),
    Incident(
        "AppNexus",
        2013,
        "17 September",
        "A data update met a double free, and about 900 advertising servers around the world crashed at nearly the "
        "same moment. The bug took time to show, more than the checks before the update had waited.",
        Source(
            "2013-09-17 Outage Postmortem",
            "AppNexus",
            2013,
            "https://medium.com/xandr-tech/2013-09-17-outage-postmortem-586b19ae4307",
        ),
    ),
)

SERVER_DOWN = (
    Incident(
        "GitHub",
        2016,
        "28 January",
        "A short power disruption restarted over a quarter of the servers in the main datacentre. Some did not find "
        "their disks again, and the application would not start without a store that was gone with them. The site was "
        "down for two hours and six minutes.",
        Source(
            "January 28th Incident Report",
            "GitHub",
            2016,
            "https://github.com/blog/2106-january-28th-incident-report",
        ),
    ),
    Incident(
        AWS,
        2012,
        "29 June",
        "A storm cut the utility power. Generators in one datacentre started but gave no stable voltage under real "
        "load, although they had passed a load test and weekly tests. The batteries ran down and the servers went "
        "dark.",
        Source(
            "Summary of the AWS Service Event in the US East Region",
            AWS,
            2012,
            "https://aws.amazon.com/message/67457/",
        ),
    ),
    Incident(
        "Cloudflare",
        2023,
        "2 November",
        "A datacentre run by another company lost both power feeds and its generators. Much of the control plane was "
        "meant to survive that, but some services turned out to depend on this one place. Customers could not change "
        "their settings.",
        Source(
            "Post Mortem on Cloudflare Control Plane and Analytics Outage",
            "Cloudflare",
            2023,
            "https://blog.cloudflare.com/post-mortem-on-cloudflare-control-plane-and-analytics-outage/",
        ),
    ),
    Incident(
        "PagerDuty",
        2013,
        "13 April",
        "Two of three datacentres, chosen to be independent, met in the same network peering point. When that "
        "degraded, the third alone was no quorum, and for 18 minutes no notification was sent.",
        Source(
            "Outage Post-Mortem: April 13, 2013",
            "PagerDuty",
            2013,
            "https://www.pagerduty.com/blog/outage-post-mortem-april-13-2013/",
        ),
    ),
)

QUERY_OF_DEATH = (
    Incident(
        "Stack Exchange",
        2016,
        "20 July",
        "One post with about 20,000 blanks in a row made a regular expression take quadratic time. It stood on the "
        "home page, which the load balancer used as its health check, so the servers were taken out. The sites were "
        "away for 34 minutes.",
        Source(
            "Outage Postmortem: July 20, 2016",
            "Stack Exchange",
            2016,
            "https://stackstatus.net/post/147710624694/outage-postmortem-july-20-2016",
        ),
    ),
    Incident(
        "Cloudflare",
        2019,
        "2 July",
        "One rule of a firewall for web requests held a regular expression that backtracked without end. The rule went "
        "everywhere at once, processors around the world were busy with nothing else, and sites answered with errors "
        "for 27 minutes.",
        Source(
            "Details of the Cloudflare outage on July 2, 2019",
            "Cloudflare",
            2019,
            "https://blog.cloudflare.com/details-of-the-cloudflare-outage-on-july-2-2019/",
        ),
    ),
    Incident(
        "incident.io",
        2022,
        "18 November",
        "One message in a queue made the application panic where nothing caught it. The queue delivered it again after "
        "each restart: 13 minutes of downtime within 32.",
        Source(
            "Intermittent downtime from repeated crashes",
            "incident.io",
            2022,
            "https://incident.io/blog/intermittent-downtime",
        ),
    ),
    Incident(
        "Zerodha",
        2019,
        "29 August",
        "One order for a million very cheap shares was executed in more than 100,000 separate trades, where a few "
        "hundred are usual. The order system, made by another company, was overloaded for about 40 minutes.",
        Source(
            "Post-mortem of technical issue, August 29, 2019",
            "Zerodha",
            2019,
            "https://zerodha.com/marketintel/bulletin/229363/post-mortem-of-technical-issue-august-29-2019",
        ),
    ),
)

DATA_CORRUPTION = (
    Incident(
        f"{AWS} (S3)",
        2008,
        "20 July",
        "In a handful of internal messages one bit was wrong, and they still made sense. No checksum guarded them. "
        "Servers passed the wrong state on until they did little else, and the service had to be stopped: about eight "
        "hours in all.",
        Source(
            "Amazon S3 Availability Event: July 20, 2008",
            AWS,
            2008,
            "https://status.aws.amazon.com/s3-20080720.html",
        ),
        conflict="An Amazon engineer later put it down to one network card in one server; the summary speaks of "
        "messages.",
        also=(
            Source(
                "One bit flipping NIC took down Amazon's cloud storage (2008)",
                "Postmortems community",
                UNDATED,
                "https://postmortems.info/t/one-bit-flipping-nic-took-down-amazons-cloud-storage-2008/622",
            ),
        ),
    ),
    Incident(
        "Facebook (Meta)",
        2021,
        "",
        "Tests on hundreds of thousands of machines found hundreds of processors that computed wrong results without "
        "any error message. In one case files were lost because a power of 1.1 came out as zero.",
        Source(
            "Silent Data Corruptions at Scale (Dixit et al., arXiv:2102.11245)",
            "Facebook",
            2021,
            "https://research.facebook.com/publications/silent-data-corruptions-at-scale/",
        ),
    ),
    Incident(
        "Heroku",
        2017,
        "February",
        "An upgrade silently switched off a check that kept the file systems of running containers sound. A later "
        "deployment then corrupted some of them.",
        Source(
            "Filesystem Corruption on Heroku Dynos",
            "Heroku",
            2017,
            "https://engineering.heroku.com/blogs/2017-02-15-filesystem-corruption-on-heroku-dynos/",
        ),
        conflict="The report is dated 15 February; the day of the incident could not be confirmed.",
    ),
    Incident(
        "Kickstarter",
        2013,
        "7 March",
        "Replicas had differed from their primary for weeks, because a bug in the database could ignore the order in "
        "which an update was to go. Nothing showed it until one query failed on all replicas and they stopped.",
        Source(
            "The Day the Replication Died",
            "Kickstarter",
            2013,
            "https://www.kickstarter.com/backing-and-hacking/the-day-the-replication-died",
        ),
    ),
    Incident(
        "Telstra",
        2017,
        "2 February",
        "A fire damaged the power supply of a telephone exchange in Sydney. Text messages were corrupted and reached "
        "the wrong people, until the operator stopped them to protect its customers.",
        Source(
            "SMS Misdirection issue, 2 February",
            "Telstra",
            2017,
            "https://crowdsupport.telstra.com.au/t5/Services-KB/SMS-Misdirection-issue-2-February/ta-p/644839",
        ),
        conflict="Telstra wrote of a small number of messages, Business Insider Australia of thousands.",
        also=(
            Source(
                "A fire in a Telstra exchange is causing flight delays and network outages",
                "Business Insider Australia",
                2017,
                "https://www.businessinsider.com.au/"
                "a-fire-in-a-telstra-exchange-is-causing-flight-delays-and-network-outages-2017-2",
            ),
        ),
    ),
)

BROKEN_DEPENDENCY = (
    Incident(
        f"{AWS} (Kinesis)",
        2020,
        "25 November",
        "A few servers were added, and all front ends passed the operating system's limit of threads. None could route "
        "requests. Sign-in, functions and monitoring are built on this service and failed with it, for most of a day.",
        Source(
            "Summary of the Amazon Kinesis Event in the Northern Virginia (US-EAST-1) Region",
            AWS,
            2020,
            "https://aws.amazon.com/message/11201/",
        ),
    ),
    Incident(
        f"{AWS} (DynamoDB)",
        2025,
        "19 and 20 October",
        "The address of a regional database vanished from DNS, so nobody could connect. What depends on it followed: "
        "starting virtual machines, load balancers, functions. There were three periods of impact in about 14.5 hours.",
        DYNAMODB_2025,
        conflict="Other accounts say about 15 hours; one data warehouse service needed until the next morning.",
    ),
    Incident(
        "Square",
        2017,
        "16 March",
        "A deployment of one service overloaded the authentication service beside it, whose database transactions were "
        "tried up to 500 times without a pause. Nearly everything needs sign-in: merchants could not work for almost "
        "two hours.",
        Source(
            "Incident Summary: 2017-03-16",
            "Square",
            2017,
            "https://medium.com/square-corner-blog/incident-summary-2017-03-16-2f65be39297",
        ),
    ),
    Incident(
        "npm (left-pad)",
        2016,
        "22 March",
        "After a dispute about a name an author withdrew his packages from a registry. One of them, a few lines long, "
        "was needed by thousands of others, mostly without their knowing. Builds failed around the world until it was "
        "put back.",
        Source("kik, left-pad, and npm", "npm blog", 2016),
        conflict="Its length is given as 17 lines by ZDNet, as 11 by others.",
        also=(
            Source(
                "Disgruntled developer breaks thousands of JavaScript, Node.js apps",
                "ZDNet",
                2016,
                "https://www.zdnet.com/article/disgruntled-developer-breaks-thousands-of-javascript-node-js-apps/",
            ),
        ),
    ),
    Incident(
        "Cloudflare",
        2020,
        "2 November",
        "A network switch failed halfway: one server lost sight of the leader that the others still saw. The cluster "
        "could not settle on a leader, databases failed over, and API and dashboard suffered for 6 hours and 33 "
        "minutes.",
        Source(
            "A Byzantine failure in the real world",
            "Cloudflare",
            2020,
            "https://blog.cloudflare.com/a-byzantine-failure-in-the-real-world/",
        ),
        conflict="The title calls it Byzantine. By the textbook no node lied: messages were lost between some, which "
        "is an omission fault. A postscript of the report is said to agree; the copy we could read ends before it.",
    ),
)

DOS_ATTACK = (
    Incident(
        "GitHub",
        2018,
        "28 February",
        "Servers that stood open on the internet were tricked into answering GitHub, with up to 1.35 terabits per "
        "second. The site was down for five minutes and unsteady for four more; then another company filtered the "
        "traffic.",
        Source(
            "February 28th DDoS Incident Report",
            "GitHub",
            2018,
            "https://githubengineering.com/ddos-incident-report/",
        ),
    ),
    Incident(
        "Basecamp",
        2014,
        "24 March",
        "Blackmailers flooded the network with more than 20 gigabits per second for 100 minutes. The services were "
        "fully away for 45 of them.",
        Source(
            "Basecamp network attack postmortem",
            "Basecamp (Signal v. Noise)",
            2014,
            "http://signalvnoise.com/posts/3729-basecamp-network-attack-postmortem",
        ),
        conflict="On the day itself the company and the press spoke of about two hours.",
    ),
    Incident(
        "Stack Exchange",
        2015,
        "31 March",
        "A small game was switched on for all signed-in users at once. Its requests would have held some 51,000 more "
        "sessions open; the load balancer allowed 40,000 in all. Stack Overflow was away for six minutes. No attacker "
        "was needed.",
        Source(
            "Outage Postmortem: March 31, 2015",
            "Stack Exchange",
            2015,
            "https://stackstatus.net/post/115305251014/outage-postmortem-march-31-2015",
        ),
    ),
    Incident(
        "Epic Games (Fortnite)",
        2018,
        "3 and 4 February",
        "3.4 million people played at once, more than ever. Writes queued up in a database, threads waited for them, "
        "and a cache took the sign-in with it: six incidents in two days.",
        Source(
            "Postmortem of Service Outage at 3.4M CCU",
            "Epic Games",
            2018,
            "https://www.epicgames.com/fortnite/en-US/news/postmortem-of-service-outage-at-3-4m-ccu",
        ),
    ),
    Incident(
        "Dyn",
        2016,
        "21 October",
        "Waves of requests, in part from cameras and other household devices that attackers had taken over, flooded a "
        "provider of DNS. Well-known sites could not be found for hours, although their own servers were well.",
        Source(
            "Dyn Statement on 10/21/2016 DDoS Attack",
            "Dyn",
            2016,
            "http://hub.dyn.com/dyn-blog/dyn-statement-on-10-21-2016-ddos-attack",
        ),
        conflict="The first statement counts tens of millions of addresses. Honest resolvers that tried again are "
        "among them; how many devices attacked, and how much they sent, could not be confirmed.",
        also=(
            Source(
                "Dyn Analysis Summary Of Friday October 21 Attack",
                "Dyn",
                2016,
                "http://dyn.com/blog/dyn-analysis-summary-of-friday-october-21-attack/",
            ),
        ),
    ),
)

CASCADING_FAILURE = (
    Incident(
        f"{AWS} (DynamoDB)",
        2015,
        "20 September",
        "After a short network disruption storage servers asked for their membership lists, which had grown. The "
        "answers came too late, so the servers left the service and asked again. The load stayed when the network was "
        "well.",
        Source(
            "Summary of the Amazon DynamoDB Service Disruption and Related Impacts in the US-East Region",
            AWS,
            2015,
            "https://aws.amazon.com/message/5467D2/",
        ),
    ),
    Incident(
        "Slack",
        2022,
        "22 February",
        "A roll-out restarted cache nodes faster than their empty replacements could fill. The database behind them "
        "got the requests, was overwhelmed and timed out, and so the caches could not fill either.",
        Source(
            "Slack's Incident on 2-22-22",
            "Slack",
            2022,
            "https://slack.engineering/slacks-incident-on-2-22-22/",
        ),
    ),
    Incident(
        "Slack",
        2021,
        "4 January",
        "On the first working day of the year the links between networks saturated. Web servers waited, and looked "
        "idle, so some were taken away. Then 1,200 new ones were ordered at once, and the service that sets them up "
        "was overloaded too.",
        Source(
            "Slack's Outage on January 4th 2021",
            "Slack",
            2021,
            "https://slack.engineering/slacks-outage-on-january-4th-2021/",
        ),
    ),
    Incident(
        "Spotify",
        2013,
        "",
        "An old part of the desktop client asked again after each time-out, without backing off. The slower a small "
        "service became, the more requests it got. Playing music and signing in suffered for hours in Europe.",
        Source(
            "Incident Management at Spotify",
            "Spotify",
            2013,
            "https://labs.spotify.com/2013/06/04/incident-management-at-spotify/",
        ),
        conflict="The report of 4 June says a few weeks ago, with first signs two months earlier; it gives no day.",
    ),
    Incident(
        "Roblox",
        2021,
        "28 to 31 October",
        "Under unusual load a new feature of the service directory, and a weakness of the storage under it, made the "
        "directory too slow to use. Everything that looks things up there stopped, and came back after 73 hours.",
        Source(
            "Roblox Return to Service 10/28-10/31 2021",
            "Roblox",
            2022,
            "https://blog.roblox.com/2022/01/roblox-return-to-service-10-28-10-31-2021/",
        ),
    ),
)

DATA_LOSS = (
    Incident(
        "GitLab",
        2017,
        "31 January",
        "A directory was to be cleared on the standby database, and was cleared on the primary. Several kinds of "
        "backup turned out not to work; a copy some six hours old did. Gone were changes to about 5,000 projects, "
        "5,000 comments and 700 new accounts.",
        Source(
            "Postmortem of database outage of January 31",
            "GitLab",
            2017,
            "https://about.gitlab.com/2017/02/10/postmortem-of-database-outage-of-january-31/",
        ),
        conflict="The post-mortem puts the lost window at 17:20 to 00:00 UTC (6.7 hours); the first notice, at 17:20 "
        "to 23:25.",
        also=(
            Source(
                "GitLab.com database incident",
                "GitLab",
                2017,
                "https://about.gitlab.com/2017/02/01/gitlab-dot-com-database-incident",
            ),
        ),
    ),
    Incident(
        AWS,
        2011,
        "21 April",
        "A change sent storage traffic over a network too small for it. Cut off and connected again, the nodes all "
        "looked for new mirrors at once. About 13 % of the volumes in the zone were stuck; 0.07 % of all were "
        "lost.",
        Source(
            "Summary of the Amazon EC2 and Amazon RDS Service Disruption in the US East Region",
            AWS,
            2011,
            "https://aws.amazon.com/message/65648/",
        ),
    ),
    Incident(
        "Google Compute Engine",
        2015,
        "13 August",
        "Lightning struck the power grid of a datacentre in Europe four times. Some storage systems ran out of battery "
        "before what was written last was safe. Less than 0.000001 % of the space in that zone was lost for good.",
        Source(
            "Google Compute Engine Persistent Disk issue in europe-west1-b",
            "Google Cloud",
            2015,
            "https://status.cloud.google.com/incident/compute/15056#5719570367119360",
        ),
    ),
    Incident(
        "National Information Resources Service, South Korea",
        2025,
        "26 September",
        "A battery fire in a state datacentre destroyed G-Drive, a drive of 858 terabytes on which civil servants were "
        "told to keep their work. No copy outside survived. Officials said that it was too large, or its small files "
        "too many, to back up.",
        Source(
            "NIRS fire destroys government's cloud storage system, no backups available",
            "Korea JoongAng Daily",
            2025,
            "https://koreajoongangdaily.joins.com/news/2025-10-01/national/socialAffairs/"
            "NIRS-fire-destroys-governments-cloud-storage-system-no-backups-available/2412936",
        ),
        conflict="Users: 125,000 in the Chosun Ilbo; 750,000 in the JoongAng Daily; in the Segye Ilbo 191,000 "
        "registered of 750,000 entitled. Most reports know of no backup; officials quoted by Chosun Biz and the "
        "Hankyoreh speak of some, kept in the same building, which burned as well.",
        also=(
            Source(
                "G-Drive Fire Destroys 125,000 Officials' Data",
                "The Chosun Ilbo",
                2025,
                "https://www.chosun.com/english/national-en/2025/10/02/FPWGFSXMLNCFPIEGWKZF3BOQ3M/",
            ),
            Source(
                "Report on G-Drive, 74 offices and 191,000 users (in Korean)",
                "Segye Ilbo",
                2025,
                "https://www.segye.com/newsView/20251001520513",
            ),
            Source(
                "Report on G-Drive, 858 terabytes and burned backups",
                "Chosun Biz",
                2025,
                "https://biz.chosun.com/en/en-society/2025/10/01/5AV2BJUSCJERHBYGGGMRQUPUUI/",
            ),
            Source(
                "Report on eight years of G-Drive data (in Korean)",
                "The Hankyoreh",
                2025,
                "https://www.hani.co.kr/arti/area/area_general/1221873.html",
            ),
        ),
    ),
    Incident(
        "Microsoft and T-Mobile (Sidekick)",
        2009,
        "October",
        "The servers that kept the contacts, calendars and photos of a mobile phone failed, and their backup with "
        "them. Users were told on 10 October that their data were almost certainly lost. Five days later most were "
        "recovered.",
        Source(
            "Microsoft Says Sidekick Owners Will Have Their Data Back",
            "GigaOm",
            2009,
            "https://gigaom.com/2009/10/15/419-microsoft-says-sidekick-users-will-have-their-data-back/",
        ),
        conflict="The notice of 10 October says almost certainly lost; Microsoft's note of 15 October says most, if "
        "not all, recovered. Whoever cites only the first tells half the story. Some users later missed contacts.",
        also=(
            Source(
                "T-Mobile-Sidekick U.S. users face personal data loss",
                "Reuters",
                2009,
                "https://www.reuters.com/article/deborahCohen/idUSTRE59B3GN20091012",
            ),
        ),
    ),
)

CERTIFICATE = (
    Incident(
        "Ericsson, O2 and SoftBank",
        2018,
        "6 December",
        "A certificate in the software of the mobile core network expired. Operators that ran two particular versions "
        "lost data service at the same time. In Britain, O2's was back the next morning.",
        Source(
            "Ericsson: Expired certificate caused O2 and SoftBank outages",
            "ZDNet",
            2018,
            "https://www.zdnet.com/article/ericsson-expired-certificate-caused-o2-and-softbank-outages/",
        ),
        conflict="Ericsson wrote of a limited number of customers in multiple countries, the press of 11 countries. "
        "For O2 reports say 30 or 32 million people, which is everyone on its network.",
        also=(
            Source(
                "Ericsson software glitch causes network outage for O2, SoftBank",
                "Telecomdrive",
                2018,
                "https://telecomdrive.com/ericsson-software-glitch-causes-network-outage-for-o2-softbank",
            ),
        ),
    ),
    Incident(
        "Microsoft Teams",
        2020,
        "3 February",
        "A certificate for authentication expired on a Monday morning. People could not sign in for nearly three "
        "hours.",
        Source(
            "Microsoft Teams goes down after Microsoft forgot to renew a certificate",
            "The Verge",
            2020,
            "https://www.theverge.com/platform/amp/2020/2/3/21120248/"
            "microsoft-teams-down-outage-certificate-issue-status",
        ),
        conflict="Most were back by noon, Eastern time; Microsoft reported the fix complete only at 4:27 in the "
        "afternoon.",
    ),
    Incident(
        "Mozilla (Firefox add-ons)",
        2019,
        "4 May",
        "An intermediate certificate, with which add-ons are signed, expired, and most add-ons stopped. After "
        "about nine hours a new certificate went out over a channel that was made for experiments.",
        Source(
            "Add-Ons Outage Post-Mortem Result",
            "Mozilla",
            2019,
            "https://hacks.mozilla.org/2019/07/add-ons-outage-post-mortem-result/",
        ),
    ),
)

RUNAWAY_AUTOMATION = (
    Incident(
        f"{AWS} (DynamoDB)",
        2025,
        "19 and 20 October",
        "Two workers applied plans for DNS. One was delayed and wrote an old plan over the new one; the other, "
        "cleaning up, then deleted that old plan, and with it every address. The automation could not mend it; people "
        "had to.",
        DYNAMODB_2025,
    ),
    Incident(
        "Travis CI",
        2016,
        "9 August",
        "A clean-up job read only the newest 100 entries of a catalogue. Stable machine images were older, seemed "
        "unused and were deleted. Builds stopped for about 90 minutes; their replacements broke some for weeks.",
        Source(
            "The Day We Deleted Our VM Images",
            "Travis CI",
            2016,
            "https://blog.travis-ci.com/2016-09-30-the-day-we-deleted-our-vm-images/",
        ),
        conflict="One list of post-mortems calls the clean-up age-based; the index that sums the report up names the "
        "page of 100.",
    ),
    Incident(
        AWS,
        2021,
        "7 December",
        "An automatic change of capacity made many clients in an internal network connect at once. The devices between "
        "two networks were overwhelmed, clients did not back off as meant, and the operators' own monitoring was "
        "behind them.",
        Source(
            "Summary of the AWS Service Event in the Northern Virginia (US-EAST-1) Region",
            AWS,
            2021,
            "https://aws.amazon.com/message/12721/",
        ),
    ),
    Incident(
        "Google Compute Engine",
        2016,
        "11 April",
        "One unused block of addresses was to go. The software that writes the configuration removed all of them. A "
        "trial step noticed, but its verdict did not reach the roll-out: all regions were cut off for 18 minutes.",
        Source(
            "Google Compute Engine Incident #16007",
            "Google Cloud",
            2016,
            "https://status.cloud.google.com/incident/compute/16007",
        ),
    ),
    Incident(
        "Knight Capital",
        2012,
        "1 August",
        "New trading software met an old version that was still deployed, and a flag used again for something new woke "
        "old code. In 45 minutes it sent more than four million orders while filling 212.",
        Source(
            "In the Matter of Knight Capital Americas LLC (Exchange Act Release No. 70694)",
            "U.S. Securities and Exchange Commission",
            2013,
        ),
        conflict="The loss is about 440 million dollars in the company's notice of 2 August 2012, more than 460 "
        "million in the regulator's words of 2013.",
        also=(
            Source(
                "SEC charges Knight Capital with violations of market access rule",
                "Centre for Law, Markets and Regulation, UNSW",
                2013,
                "http://www.clmr.unsw.edu.au/resource//"
                "sec-charges-knight-capital-with-violations-of-market-access-rule",
            ),
            Source(
                "Knight Capital Group Provides Update Regarding August 1st Disruption To Routing In NYSE-listed "
                "Securities",
                "PR Newswire",
                2012,
            ),
            Source(
                "Knightmare: A DevOps Cautionary Tale",
                "Doug Seven",
                2014,
                "https://dougseven.com/2014/04/17/knightmare-a-devops-cautionary-tale/",
            ),
        ),
    ),
)

NATURAL_DISASTER = (
    Incident(
        "OVHcloud",
        2021,
        "10 March",
        "A fire destroyed one datacentre building in Strasbourg and four of twelve rooms in the next. Customers "
        "without a copy elsewhere lost their data. A court later awarded damages to two whose backups had been on the "
        "same site.",
        Source(
            "OVH Data Center SBG2 Destroyed by fire in Strasbourg",
            "Baxtel",
            2021,
            "https://baxtel.com/news/ovh-data-center-sbg2-destroyed-by-fire-in-strasbourg",
        ),
        also=(
            Source(
                "OVHcloud must pay damages for lost backup data",
                "Blocks and Files",
                2023,
                "https://blocksandfiles.com/2023/03/23/ovh-cloud-must-pay-damages-for-lost-backup-data/",
            ),
        ),
    ),
    Incident(
        f"{AWS} (Sydney)",
        2016,
        "5 June",
        "A storm let the voltage of the grid sag instead of cutting it. Breakers did not open in time, the energy kept "
        "for emergencies drained into the grid, and generators could not take over.",
        Source(
            "Summary of the AWS Service Event in the Sydney Region",
            AWS,
            2016,
            "https://aws.amazon.com/message/4372T8/",
        ),
        conflict="By the report's clock, in California, it was still 4 June.",
    ),
    Incident(
        "Google Cloud (London)",
        2022,
        "19 July",
        "On a very hot day several cooling systems of one datacentre failed together, though each was there in case "
        "another failed. Part of the zone was switched off to save the machines.",
        Source(
            "Incident report on cooling in europe-west2-a",
            "Google Cloud Service Health",
            2022,
            "https://status.cloud.google.com/incidents/fmEL9i2fArADKawkZAa2",
        ),
    ),
)

TIME_TRAVEL = (
    Incident(
        "Cloudflare",
        2017,
        "1 January",
        "At a leap second the clock went backwards. A round-trip time became negative, a random choice that was "
        "weighted by it refused the number and panicked, and 0.2 % of DNS queries failed at the peak.",
        Source(
            "How and why the leap second affected Cloudflare DNS",
            "Cloudflare",
            2017,
            "https://blog.cloudflare.com/how-and-why-the-leap-second-affected-cloudflare-dns/",
        ),
    ),
    Incident(
        "Reddit, LinkedIn, Foursquare, Qantas (Amadeus)",
        2012,
        "30 June",
        "Linux inserted a leap second without telling its timers, so short sleeps ended at once and programs spun. "
        "Well-known sites stumbled in the same minute, and an airline checked its passengers in by hand.",
        Source(
            "Leap second hits Qantas air bookings, while Reddit and Mozilla stutter",
            "The Guardian",
            2012,
            "https://www.theguardian.com/technology/2012/jul/02/leap-second-amadeus-qantas-reddit",
        ),
        also=(
            Source(
                "Analysis of the leap second and CLOCK_REALTIME timers",
                "Linux kernel mailing list",
                2012,
                "https://lkml.org/lkml/2012/7/1/203",
            ),
        ),
    ),
    Incident(
        "Microsoft (Windows Azure)",
        2012,
        "29 February",
        "Certificates were made to last until the same date a year later. On the leap day that was 29 February 2013, "
        "which does not exist. No new virtual machine could get one, and clusters took their servers for broken.",
        Source(
            "Summary of Windows Azure Service Disruption on Feb 29th, 2012",
            "Microsoft",
            2012,
            "https://azure.microsoft.com/en-us/blog/summary-of-windows-azure-service-disruption-on-feb-29th-2012/",
        ),
    ),
    Incident(
        "Bungie (Destiny 2)",
        2020,
        "28 January and 11 February",
        "A fix for timestamps that spoilt the order of a list switched off too much of a clean-up, and players lost "
        "what they owned. Two weeks later some servers started without the repair, and it happened again. Both times "
        "everyone was set back a few hours.",
        Source(
            "Development team on the two rollbacks of Destiny 2",
            "Bungie",
            2020,
            "https://www.bungie.net/en/News/Article/48723",
        ),
        also=(
            Source(
                "Bungie explains why Destiny 2 had its first-ever server rollbacks just two weeks apart",
                "GamesRadar (12DOVE)",
                2020,
                "https://12dove.com/bungie-explains-why-destiny-2-had-its-first-ever-server-rollbacks-just-two-weeks-apart",
            ),
        ),
    ),
)

POLICE_RAID = (
    Incident(
        "DigitalOne (Instapaper, Pinboard, Curbed)",
        2011,
        "21 June",
        "Agents with an interest in one customer took three enclosures of servers in Virginia. Tens of others were in "
        "them. Pinboard and Curbed went dark. Instapaper lost one of five servers and stayed up, more slowly; a copy "
        "of its users' data was now presumably in other hands.",
        Source(
            "The FBI stole an Instapaper server in an unrelated raid",
            "Instapaper",
            2011,
            "http://blog.instapaper.com/post/6830514157",
        ),
        conflict="Several reports count Instapaper among the sites that went offline; its owner wrote that it did not. "
        "The title is his, of the first day; he added that the server had been returned.",
        also=(
            Source(
                "FBI Seizes Servers, Prompting Site Outages",
                "PC Magazine",
                2011,
                "https://news.yahoo.com/fbi-seizes-servers-prompting-outages-170422768.html",
            ),
        ),
    ),
    Incident(
        "CyberBunker",
        2019,
        "26 September",
        "Hundreds of police officers searched a datacentre in a former bunker at Traben-Trarbach, Germany, and seized "
        "its servers. Courts later found that it had been run for criminal customers.",
        Source(
            "Report on the search of the Cyberbunker in Traben-Trarbach (in German)",
            "SWR",
            2019,
            "https://www.swr.de/swraktuell/rheinland-pfalz/trier/"
            "LKA-Rheinland-Pfalz-ueber-Ermittlungen-Cyberverbrechen-von-gigantischem-Ausmass-in-Traben-Trarbach,"
            "cyberkriminalitaet-traben-trarbach-100.html",
        ),
        conflict="Seized: 200 servers in the first reports, 500 two weeks later, 886 physical and virtual ones in "
        "reports on the trial.",
        also=(
            Source(
                "Cyberbunker-Bande von Traben-Trarbach: BGH prüft Urteile",
                "Kreiszeitung (dpa)",
                2023,
                "https://www.kreiszeitung.de/welt/cyberbunker-bande-von-traben-trarbach-bgh-prueft-urteile-zr-92478114.html",
            ),
        ),
    ),
    Incident(
        "Mullvad",
        2023,
        "18 April",
        "Police came to the office in Gothenburg with a search warrant for customer data. They were shown that the "
        "service keeps none, asked the prosecutor, and left without taking anything.",
        Source("Mullvad VPN was subject to a search warrant. Customer data not compromised", "Mullvad", 2023),
        conflict="The accounts rest on the company's own statement.",
        also=(
            Source(
                "Police leaves Mullvad offices empty-handed after trying to gain access to customer data",
                "ghacks",
                2023,
                "https://www.ghacks.net/2023/04/20/"
                "police-leaves-mullvad-offices-empty-handed-after-trying-to-gain-access-to-customer-data/",
            ),
        ),
    ),
)

VERY_IMPORTANT_USER = (
    Incident(
        "UniSuper on Google Cloud",
        2024,
        "May",
        "One parameter left blank gave a private cloud a fixed term of one year. At its end all was deleted, without a "
        "warning. More than 600,000 members of a pension fund could not use their accounts for over a week. No other "
        "customer was affected.",
        Source(
            "Sharing details on a recent incident impacting one of our customers",
            "Google Cloud",
            2024,
            "https://cloud.google.com/blog/products/infrastructure/details-of-google-cloud-gcve-incident",
        ),
        conflict="The first joint statement says that the subscription was deleted in two geographies, and that copies "
        "at another provider helped. Google's later report says one private cloud across two zones, with backups in "
        "Google's own storage intact.",
        also=(
            Source(
                "'Multi-cloud all the way': Why Google Cloud's UniSuper fiasco shows you shouldn't rely on a single "
                "cloud provider",
                "ITPro",
                2024,
                "https://www.itpro.com/cloud/cloud-computing/multi-cloud-all-the-way-why-google-clouds-unisuper-fiasco-"
                "shows-you-shouldnt-rely-on-a-single-cloud-provider",
            ),
        ),
    ),
    Incident(
        "Atlassian",
        2022,
        "5 April",
        "A script was to remove one old app and was given the identifiers of whole sites. 775 of more than 200,000 "
        "customers lost access to everything at once, some for up to 14 days. An average over all customers hardly "
        "moved.",
        Source(
            "Post-Incident Review on the Atlassian April 2022 outage",
            "Atlassian",
            2022,
            "https://www.atlassian.com/engineering/post-incident-review-april-2022-outage",
        ),
        conflict="The review says 775 customers; summaries of it count 883 sites. Other accounts still say about 400.",
        also=(
            Source(
                "A maintenance script deletes 883 customer sites",
                "failure-modes.dev",
                UNDATED,
                "https://failure-modes.dev/library/fm-007",
            ),
        ),
    ),
)

#: The incidents of each card, by its number.
INCIDENTS: dict[int, tuple[Incident, ...]] = {
    1: CRASH_LOOP,
    2: SERVER_DOWN,
    3: QUERY_OF_DEATH,
    4: DATA_CORRUPTION,
    5: BROKEN_DEPENDENCY,
    6: DOS_ATTACK,
    7: CASCADING_FAILURE,
    8: DATA_LOSS,
    9: CERTIFICATE,
    10: RUNAWAY_AUTOMATION,
    11: NATURAL_DISASTER,
    12: TIME_TRAVEL,
    13: POLICE_RAID,
    14: VERY_IMPORTANT_USER,
}

#: The incidents of the bonus cards, by their titles. A card that is missing here has none that we could confirm.
BONUS_INCIDENTS: dict[str, tuple[Incident, ...]] = {
    "Heisenbug": (
        Incident(
            "NASA (Mars Pathfinder)",
            1997,
            "July",
            "A few days after landing the spacecraft began to restart itself, now and then. A task of low priority "
            "held a lock and was starved by others, so an important one missed its deadline. The team reproduced it "
            "on a twin on Earth, with tracing switched on, and sent a patch to Mars.",
            Source(
                "What Really Happened on Mars? (with Glenn Reeves's account)",
                "Mike Jones, Microsoft Research",
                1997,
                "http://research.microsoft.com/en-us/um/people/mbj/mars_pathfinder/",
            ),
        ),
    ),
    "Customer-reported failure": (
        Incident(
            "Valve (Steam for Linux)",
            2015,
            "14 January",
            "A user had moved the folder of a program and put a link in its place. At its next start the program "
            "deleted all files that the user could write. The user's report was how it became known.",
            Source(
                "steam-for-linux issue 3671",
                "GitHub",
                2015,
                "https://github.com/valvesoftware/steam-for-linux/issues/3671",
            ),
            conflict="A list of post-mortems says that users had reported it months before; we could not confirm that.",
        ),
    ),
    "0wned": (
        Incident(
            "CircleCI",
            2023,
            "4 January",
            "Malware on one laptop stole a session that had passed both factors of sign-in. Secrets of customers were "
            "taken, with the keys that encrypted them. A customer's question on 29 December led to its discovery, and "
            "everyone had to change their secrets.",
            Source(
                "CircleCI incident report for January 4, 2023 security incident",
                "CircleCI",
                2023,
                "https://circleci.com/blog/jan-4-2023-incident-report/",
            ),
            conflict="The intrusion itself was in December 2022; 4 January is when customers were told.",
        ),
        Incident(
            "Heroku",
            2022,
            "April",
            "A token of a machine account, found in an archived repository, opened a database. From there tokens led "
            "to customers' private repositories, and passwords in hashed form were taken.",
            Source(
                "April 2022 Incident Review",
                "Heroku",
                2022,
                "https://blog.heroku.com/april-2022-incident-review",
            ),
        ),
    ),
    "Caused an infrastructure failure": (
        Incident(
            "Facebook",
            2021,
            "4 October",
            "A command meant to measure the capacity of the backbone network took all of it down. DNS servers that "
            "could no longer see a datacentre withdrew their own addresses. The tools for repair needed the network "
            "too.",
            Source(
                "More details about the October 4 outage",
                "Facebook Engineering",
                2021,
                "https://engineering.fb.com/2021/10/05/networking-traffic/outage-details/",
            ),
        ),
        Incident(
            "Etsy",
            2012,
            "",
            "A faster way to copy an index to many servers sent it to all at once by multicast. The core switches were "
            "not set up for that and ran out of processor time. The whole site was away for minutes.",
            Source(
                "Turbocharging Solr Index Replication with BitTorrent",
                "Etsy (Code as Craft)",
                2012,
                "https://codeascraft.com/2012/01/23/solr-bittorrent-index-replication/",
            ),
            conflict="The year is that of the report; it may have happened earlier.",
        ),
    ),
    "Operator error": (
        Incident(
            f"{AWS} (S3)",
            2017,
            "28 February",
            "A command from a playbook was to remove a few servers. One argument was wrong, and it removed many, among "
            "them those that know where everything is. Restarting them took until the afternoon.",
            Source(
                "Summary of the Amazon S3 Service Disruption in the Northern Virginia (US-EAST-1) Region",
                AWS,
                2017,
                "https://aws.amazon.com/message/41926/",
            ),
        ),
        Incident(
            "Joyent",
            2014,
            "27 May",
            "A command to restart some new servers named all servers of the datacentre, and the tool did not ask. "
            "Customers were down for between 20 and 149 minutes, because everything started at the same time.",
            Source(
                "Postmortem for outage of us-east-1",
                "Joyent",
                2014,
                "http://www.joyent.com/blog/postmortem-for-outage-of-us-east-1-may-27-2014",
            ),
        ),
    ),
    "Fail to pay bills": (
        Incident(
            "Sorenson Communications",
            2016,
            "6 June",
            "The registration of a domain name was not renewed and lapsed. Deaf people in the United States could not "
            "make calls through its video relay, not even to emergency services, until 8 June.",
            Source(
                "Order and Consent Decree DA 17-941, In the Matter of Sorenson Communications, LLC",
                "U.S. Federal Communications Commission",
                2017,
                "https://docs.fcc.gov/public/attachments/DA-17-941A1.txt",
            ),
        ),
    ),
    "Non-linear response": (
        Incident(
            "CircleCI",
            2015,
            "7 July",
            "After another service came back, builds arrived faster than ever. The database that held the queue locked "
            "up within minutes. It had handed out many builds per second, and now handed out one per minute.",
            Source("DB performance issue", "CircleCI", 2015, "https://circleci.statuspage.io/incidents/hr0mm9xmm3x6"),
        ),
    ),
    "Performance cliffs": (
        Incident(
            "Foursquare",
            2010,
            "4 and 5 October",
            "Users were split over two databases of 66 gigabytes of memory, and one half grew to 67. From then on it "
            "read from disk, which is many times slower; requests queued up, and the site stopped.",
            Source(
                "Foursquare MongoDB Outage Post Mortem",
                "myNoSQL",
                2010,
                "http://nosql.mypopescu.com/post/1265191137/foursquare-mongodb-outage-post-mortem",
            ),
            conflict="Mashable counts 11 hours on the first day and more on the next; a list of post-mortems, 17 hours "
            "in all.",
            also=(
                Source(
                    "MongoDB CTO on Foursquare's Scaling Issues",
                    "Mashable",
                    2010,
                    "https://mashable.com/2010/10/07/mongodb-foursquare/",
                ),
            ),
        ),
    ),
    "Non-hermetic builds": (
        Incident(
            "Heroku",
            2025,
            "10 June",
            "A vendor's update of the operating system installed itself on running machines. It restarted the network "
            "service, and routes set only at first boot were gone. Restoring everything took most of a day.",
            Source(
                "Corrective Action Update for the Heroku June 10th Outage",
                "Heroku",
                2025,
                "https://www.heroku.com/blog/corrective-action-update-june-10-outage",
            ),
            also=(
                Source(
                    "Heroku's 24-Hour Outage: How One Unsafe Upgrade Caused Massive Downtime",
                    "Chkk",
                    2025,
                    "https://www.chkk.io/blog/heroku-outage",
                ),
            ),
        ),
    ),
    "Firewalls": (
        Incident(
            "Stack Exchange",
            2014,
            "25 August",
            "A change to the firewall of a load balancer, next to a comment that misled, dropped the answers of the "
            "web servers behind it. All sites were away for about six minutes.",
            Source(
                "Outage Post-Mortem: August 25th, 2014",
                "Stack Exchange",
                2014,
                "https://stackstatus.net/post/96025967369/outage-post-mortem-august-25th-2014",
            ),
        ),
    ),
    "Kernel memory leak": (
        Incident(
            f"{AWS} (EBS)",
            2012,
            "22 October",
            "Agents on storage servers could not reach a machine that had been replaced, tried on, and leaked memory "
            "each time. No alarm told a leak from the usual ups and downs. Days later servers ran out of memory.",
            Source(
                "Summary of the October 22, 2012 AWS Service Event in the US-East Region",
                AWS,
                2012,
                "https://aws.amazon.com/message/680342/",
            ),
            conflict="It was an agent that leaked, not the kernel; the effect on the machine is the same.",
        ),
    ),
    "Isolation failure": (
        Incident(
            "OpenAI (ChatGPT)",
            2023,
            "20 March",
            "A request cancelled at the wrong moment left its answer in a shared connection, and the next user got it. "
            "Some saw titles of other people's conversations. Payment details of 1.2 % of paying subscribers may have "
            "been visible.",
            Source(
                "March 20 ChatGPT outage: Here's what happened",
                "OpenAI",
                2023,
                "https://openai.com/blog/march-20-chatgpt-outage",
            ),
            conflict="1.2 % are the subscribers active in a window of nine hours; OpenAI believes that far fewer were "
            "really seen.",
        ),
    ),
    "Hash collision": (
        Incident(
            "WebKit",
            2017,
            "24 February",
            "Two different files with the same SHA-1 hash had just been published. They were added to a repository as "
            "test data. It stores equal hashes once, so one file came out as the other, and the repository took no "
            "more changes.",
            Source(
                "Watershed SHA1 collision just broke the WebKit repository, others may follow",
                "Ars Technica",
                2017,
                "https://arstechnica.com/security/2017/02/"
                "watershed-sha1-collision-just-broke-the-webkit-repository-others-may-follow/",
            ),
            conflict="Ars Technica puts it late on Thursday night, Bleeping Computer on Friday.",
            also=(
                Source(
                    "SHA1 Collision Attack Makes Its First Victim: Subversion Repositories",
                    "Bleeping Computer",
                    2017,
                    "https://www.bleepingcomputer.com/news/security/"
                    "sha1-collision-attack-makes-its-first-victim-subversion-repositories/",
                ),
            ),
        ),
    ),
    "Incorrect algorithm": (
        Incident(
            "Intel (Pentium)",
            1994,
            "",
            "Entries were missing from a table that a processor used to divide. About one division in nine billion "
            "came out wrong, few enough to pass the first tests. A professor of mathematics made it known, and the "
            "chips were replaced.",
            Source("Pentium FDIV bug", "Wikipedia", UNDATED, "https://en.wikipedia.org/wiki/Pentium_FDIV_bug"),
            conflict="Intel spoke of five missing entries and a faulty script. A study of the chip in 2024 counts 16, "
            "of which five matter, and finds the fault in the mathematics.",
            also=(
                Source(
                    "Intel's $475 million error: the silicon behind the Pentium division bug",
                    "Ken Shirriff (righto.com)",
                    2024,
                ),
            ),
        ),
    ),
}
