"""What words stand for: everyday synonyms under one heading, so that wording nobody taught is still understood.

Written by hand from general English. Words are lower case as ``_wording.plain`` leaves them; a trailing ``*``
lets the word go on. A word may stand for several things.
"""

from functools import cache, lru_cache

_SYNONYMS: dict[str, str] = {
    "hide": """quiet quietly secret* hush* discre* hidden hide hides hiding conceal* mum shtum undisclosed unnoticed
        unseen invisible bury buried clandestin* sly sneak* stealth* lips sealed silent silence wraps lid dark pretend*
        underground camouflage* mask* disguise* veil* cloak* tuck tucked stash*""",
    "erase": """delete* erase* wipe* shred* scrub* purge* burn burnt bin binned trash* destroy* vanish* disappear* lose
        clear cleared clean cleaned tidy torch* dispose* ditch* unsend* forget*""",
    "trace": """trace* record* trail paper papers log logs logged evidence footprint* fingerprint* writing written email*
        mail chat* screenshot* transcript* blotter book books thread* history tape taped typed type document* file*
        message* conversation* note notes minutes""",
    "watcher": """compliance legal audit* surveillance regulator* fca sec boss bosses management supervisor* police
        authorities watchdog* listen* monitor* inspector* examiner* monitoring overhear* ears eyes walls controller*
        supervision controls inquir* reviewers review""",
    "all": """anyone anybody nobody everyone everybody somebody someone else soul people others outsiders""",
    "tell": """tell tells told say says said mention* share breathe forward repeat* leak* spill* talk* discuss* slip
        disclose* hint* whisper* inform* reveal* word speak* spoke admit* confess* explain ask asks asked""",
    "not": """not never no none without cannot nothing nobody neither nor stop avoid hardly barely dont refuse* must""",
    "other_channel": """whatsapp telegram signal wechat snapchat imessage facetime viber burner mobile cell cellphone
        gmail hotmail yahoo pub coffee drink beer bar outside lobby offline downstairs person face cafe smoke smoking
        elevator lift landline dial ring sms dm app apps messenger encrypted park home restaurant walk street
        terrace garden toilet corridor handset sim""",
    "private": """private* personal* own outside wife* husband* brother* sister* cousin* friend* home family mother* father* daughter*
        mate* buddy pal partner* nominee* offshore aunt* uncle* son girlfriend* boyfriend*""",
    "call": """call calls calling phone phones ring text ping message chat talk speak line lines meet meeting reach contact dial
        catch grab drop""",
    "insider": """board director* cfo ceo cto exec* chairman lawyer* banker* adviser* advisor* auditor* printer* insider*
        inside source* contact* roommate flatmate neighbour* neighbor* secretary assistant nurse consultant* treasurer
        accountant* solicitor* clerk* paralegal* classmate* connection* inlaw* barber driver lab trial agency deal
        syndicate office ministry committee engineer*""",
    "unpublished": """public publicly announce* announcement* news release* embargo* unreleased unpublished draft* leak* results result
        earnings figures numbers guidance warning merger* takeover* acquisition* buyout* tender approval contract* deal
        dividend* prospectus bid bidder suitor bankrupt* default* revenue profit* loss losses data statement recall* verdict
        ruling licence license patent* resign* restat* upgrade* downgrade* settlement offer""",
    "early": """before beforehand ahead early earlier first front prior beat advance jump sooner until yet tonight
        tomorrow monday tuesday wednesday thursday friday weekend soon week shortly imminent minutes hour now pre""",
    "learn": """know knows knew known heard hear hears saw seen learnt learned tip tips tipped tipster privy overheard wind
        read confirmed understand gathered aware reckon* sure""",
    "trade": """buy buys buying bought sell sells selling sold load loading dump* short shorts shorting position* unload*
        accumulate* calls puts options trade trades traded trading stake exposure long take grab grabs lift hit get pick
        boots offload* shift buys exit cover fill filled enter entered""",
    "client": """client* customer* fund funds pension* institution* investor* retail widow* retiree* saver* holder* order
        orders mandate* block flow account accounts granny grandma* punter* subscriber* mum charity trust* endowment*""",
    "big": """big large huge massive sizeable size whale elephant monster ton chunky wall heavy lot lots loads
        everything tonne giant enormous""",
    "coming": """coming incoming about due waiting pending working arrives arriving lands comes will plans planning intends
        going wants chase unloading""",
    "ours": """own my mine ours our house pa self us we me wife myself ourselves""",
    "agree": """agree agreed agreement* deal pact arrangement* understanding gentleman* gentlemen* together both coordinate* align*
        collude* cartel share club united jointly team rotate* turn turns same match* sync stick truce peace side
        identical swap* hands favour return arranged scratch allied alliance divvy split carve* cooperate* reciprocat*
        bargain handshake""",
    "rival": """dealer* bank banks rival* competitor* competition compete competing undercut* desk desks market quote quotes spread*
        war bidder* poach* house houses firms brokers broker opponent* street counterpart*""",
    "price": """price prices level levels rate rates fix fixing fixes close closing mark marks marking print prints settle*
        valuation* nav benchmark* tick ticks bell auction snapshot barrier strike value reference high low screen
        bid bids offer offers ask top quote window vwap average expiry""",
    "move": """push* drive* jam* ram nudge* lift* drag* walk* squeeze* press slam* smash* hammer* pump* prop* support* hold
        keep park pin pinned steer* tilt* move moves moving bump* goose* juice* engineer* paint* dress* jack crank*
        pressure inflate* knock* lean* ramp* bang* kick* force* shove* pull lower higher raise* sink tank* crush*
        chase* trigger* breach* tip up down green""",
    "fake": """fake* spoof* phantom* ghost* bogus dummy sham bluff* mirage decoy* flash* layer* wash* churn* circular
        fictitious phon* illusion* pull* yank* cancel* stack* flood* round back forth pretend* vanish* withdraw*
        scratch itself yourself myself artificial* empty""",
    "lie": """lie lies lied lying mislead* fool* trick* invent* false* untrue story rumour* rumor* gossip* cook* fudge*
        massage* forge* backdat* misbook* doctor* tamper* alter nonsense hoax* fib* concoct* fabricat* made hype* bogus
        spin dirt smear* scare""",
    "publish": """spread* post* tweet* reddit forum* board boards blog* plant* leak* circulat* seed* press newspaper*
        journalist* hack hacks newsletter* influencer* followers podcast* media reporter* article* comment* rave*
        mob crowd discord channel""",
    "promise": """guarantee* promise* swear* certain* assure* riskless safe bulletproof foolproof cinch nailed
        risk risks lose loses downside double triple refund* reimburse* compensate* shortfall pledge* vow bet failsafe
        sure wrong fail* whatever shirt worry trust honest* free""",
    "gift": """ticket* gift* holiday* trip* watch watches cash envelope* bribe* kickback* cut favour* treat* dinner*
        champagne wine hamper* school villa chalet ski yacht golf concert opera box sweetener* backhander* thank* reward*
        grateful generous* present presents seats seat weekend flights hotel car necklace jewel* loan mortgage
        bonus handout* grand spa rolex cruise suite bag case bottle* job internship tuition""",
    "exchange": """exchange return if send give route* business flow steer* allocate* allocation* mandate commission* fee fees
        quid way once when long as provided programme tickets sign signed goes comes direct* award* vote*""",
    "harm": """rip* fleec* stuff* stiff* screw* goug* skim* shav* rob* cheat* milk* bleed* bled dumb clueless idiot*
        sucker* muppet* mug mugs victim* fooled hosed shaft* overcharg* padded pocket* swallow* skinned prey hid duped
        conned con scam* swindl* naive gullible worst rubbish toxic junk markup hammered took charged""",
    "notice": """notice* realis* realiz* spot spotted figure suspect* clue idea catch caught wise wiser checks check question*
        complain* complaint* care asks wonder* aware understand see""",
    "rules": """training policy policies course reminder handbook guidance webinar seminar quiz module regulation*
        allowed prohibited conduct must procedure* code approved approval disclosed register* documented instructed
        instruction* authorised authorized signed reported entered attached confirmation consent""",
    "told_openly": """announced published tape wires papers site statement consensus analyst* report reports radio note link
        headline conference poll index according seven morning yesterday since company""",
    "sport": """goal goals match* team league referee* ref linesman striker keeper cup scored scores nil game games golf tennis
        marathon race races horse* derby season club rugby cricket football squad coach penalty penalties stadium olympi*
        quiz fantasy player* champion* pitch kick offside squash gym ski skiing poker swim* boxing boxer athlet* united
        lap laps final finals medal beaten won""",
    "home_life": """kids kid baby babies mum mom dad parents nursery birthday* party dentist doctor* flat house garden dog cat
        wedding* flu cooking dishes sofa kitchen plumber builder* landlord rent school lunch* granddad grandma fever
        neighbour* barbecue holiday* christmas flowers train bus airport hospital operation anniversary married moving
        bike shopping supermarket""",
    "social": """happy haha lol cake coffee drinks beers pizza joke* laugh* congrat* proud welcome leaving farewell award bravo
        congratulations weekend sorry funny espresso biscuits sweepstake raffle whip""",
    "order_terms": """vwap twap limit average working partial* filled best tenth remaining natural rfq queue algo slippage
        hedge delta net gross allocation* allocate size lots care iceberg uncross touch roll borrow basket programme
        agent principal firm confirm confirms settled better two way axe axed clip slice done""",
    "opinion": """think feel feels view views guess expect* consensus hunch outlook reckon rally breadth sentiment opinion
        forecast* maybe perhaps probably might could would seems sounds believe wrong convinced fade like cautious crowded
        rich cheap""",
    "systems": """system* server* feed* recon reconcil* settlement* ssi sandbox uat test password* login portal screen* laptop*
        backup* vendor tech it network line lines bridge vpn printer cabinet wiki spreadsheet macro file version draft deck
        ticket* duplicate migration outage upgrade* export invoice* key distribution queue gateway""",
    "duty": """must should shall cannot never always required duty law laws legal illegal crime prison jail* fined fine* convict*
        judge court offence breach* sanction* forbidden prohibited banned report reportable declare* disclosed attest*
        register* logged inform hotline retaliation guideline* remind* reminder compulsory mandatory overdue""",
    "public_source": """wire wires press paper papers headline* published statement filing* podcast column journal* interview
        news website blog* article prospectus bulletin broadcast release announced confirmed wrap digest exclusive""",
    "small_print": """indicative privileged intended addressee recipient* liability accuracy completeness forecasts guide
        investments professional* onward distribution consent copies warranty implied express solicitation reliance
        returns disclaimer terms regulated""",
    "permit": """approved approval allowed consent instructed instruction* documented signed agreed permission authoris*
        authoriz* cleared official stamped mandate* undertaking request* requested policy""",
    "urge": """please pls just now quick quickly let lets make get put go take give send tell keep come use try need want
        must leave hold bring drop start stop""",
    "evade": """avoid dodge* sidestep* bypass* circumvent* around under below beneath limit threshold split splitting alert*
        flag flagged filter* detect* nobody scan* loophole blind radar slip slipped cover excuse story pretext glitch error
        mistake suspense dormant dummy wink hint code codeword""",
    "falsify": """backdat* false fake* alter* amend* change changed rewrite rebook* mismark* misstate* forge* invent* pretend*
        fudge* dress* cook* doctor* edit* overwrite fabricat* made make up cover wrong story stories fairy tale excuse
        mislabel* misreport*""",
    "influence_price": """close closing bell auction expiry strike barrier stops stop trigger* settle* settlement fixing fix window
        month quarter year end nav mark marks knock digital knockout level low high print prints last final minute seconds""",
    "share_secret": """heads tip tips hint nod wink wind word whisper* scoop lowdown steer told tells heard leaked inside
        embargo* confidential* sensitive unofficial* officially source sounded conflicted crossed""",
    "office": """lunch birthday party football tennis server kitchen canteen printer floor room invoice cake badge
        elevator team hr payroll laptop desktop coffee fire drill attached agenda rota vendor system feed software
        please thanks regards holiday charity repairs photos""",
}  # fmt: skip


@cache
def _tables() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    # Whole words, and beginnings of words, to what they stand for.
    whole: dict[str, set[str]] = {}
    begun: dict[str, set[str]] = {}
    for concept, words in _SYNONYMS.items():
        for word in words.split():
            (begun if word.endswith("*") else whole).setdefault(word.rstrip("*"), set()).add(concept)
    return (
        {word: tuple(sorted(found)) for word, found in whole.items()},
        {word: tuple(sorted(found)) for word, found in begun.items()},
    )


@lru_cache(maxsize=100_000)
def stands_for(token: str) -> tuple[str, ...]:
    """Return what a word stands for, sorted; nothing for most."""
    whole, begun = _tables()
    found = set(whole.get(token, ()))
    for length in range(3, len(token) + 1):
        found.update(begun.get(token[:length], ()))
    return tuple(sorted(found))
