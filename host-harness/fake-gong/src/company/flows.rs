//! Engage flows (sequences), their folders, steps, and the prospects in them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accounts;
use super::people::{Role, User};
use super::random::Random;
use super::{Company, SALES, SUCCESS};
use crate::instants;

/// Who sees a flow or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everybody.
    Company,
    /// The owner.
    Personal,
    /// The owner and one other.
    Shared,
}

/// A folder of flows.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) parent: Option<String>,
    pub(crate) workspace: usize,
    pub(crate) visibility: Visibility,
    pub(crate) owner: usize,
}

/// A sequence of steps by which somebody is contacted.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Gong's id.
    pub id: String,
    /// The name.
    pub name: &'static str,
    pub(crate) folder: Option<usize>,
    pub(crate) workspace: usize,
    pub(crate) visibility: Visibility,
    pub(crate) owner: usize,
    /// Whether a prospect in it can be in no other flow.
    pub(crate) exclusive: bool,
    pub(crate) steps: Vec<Value>,
    guest: usize,
    created: Timestamp,
}

/// A prospect in a flow.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Gong's id of the flow instance.
    pub id: String,
    /// The CRM's id of the prospect.
    pub prospect: String,
    /// `Running`, `Pending` and `Paused` are open; `Finished` and its like are not.
    pub status: &'static str,
    pub(crate) flow: usize,
    pub(crate) owner: usize,
    pub(crate) created: Timestamp,
}

/// Every status of a flow instance; the first three are of open ones.
const STATUSES: [&str; 6] = [
    "Running",
    "Pending",
    "Paused",
    "FinishedNoReply",
    "FinishedResponse",
    "Finished",
];

/// The place of a flow that anybody can be assigned to.
const INCLUSIVE: usize = 0;
/// The place of a flow whose prospects can be in no other.
const EXCLUSIVE: usize = 4;
/// The place of an open instance, which is in the exclusive flow.
pub(crate) const IN_EXCLUSIVE: usize = 1;

const FOLDERS: [(&str, Option<usize>, usize, Visibility); 5] = [
    ("Outbound", None, SALES, Visibility::Company),
    ("Manufacturing", Some(0), SALES, Visibility::Company),
    ("Renewals", None, SUCCESS, Visibility::Company),
    ("My drafts", None, SALES, Visibility::Personal),
    ("Shared with the team", None, SALES, Visibility::Shared),
];

/// Name, place of the folder, workspace, visibility, and the actions of the steps.
type Entry = (
    &'static str,
    Option<usize>,
    usize,
    Visibility,
    &'static [&'static str],
);

const FLOWS: [Entry; 8] = [
    (
        "Outbound - Head of Operations",
        Some(0),
        SALES,
        Visibility::Company,
        &[
            "AUTO_SEND_EMAIL",
            "LINKEDIN_CONNECT",
            "CALL",
            "SEND_EMAIL",
            "CUSTOM",
        ],
    ),
    (
        "Outbound - Manufacturing",
        Some(1),
        SALES,
        Visibility::Company,
        &["SEND_EMAIL", "CALL", "SEND_EMAIL", "LINKEDIN_MESSAGE"],
    ),
    (
        "Inbound - Demo request",
        Some(0),
        SALES,
        Visibility::Company,
        &["CALL", "AUTO_SEND_EMAIL", "CALL"],
    ),
    (
        "Trade show follow-up",
        None,
        SALES,
        Visibility::Company,
        &["AUTO_SEND_EMAIL", "SEND_EMAIL"],
    ),
    (
        "Renewal - 90 days out",
        Some(2),
        SUCCESS,
        Visibility::Company,
        &["SEND_EMAIL", "CALL", "CUSTOM"],
    ),
    (
        "Win-back",
        Some(4),
        SALES,
        Visibility::Shared,
        &["SEND_EMAIL", "LINKEDIN_MESSAGE", "CALL"],
    ),
    (
        "My security angle (draft)",
        Some(3),
        SALES,
        Visibility::Personal,
        &["SEND_EMAIL", "CALL"],
    ),
    (
        "Personal - warm intros",
        Some(3),
        SALES,
        Visibility::Personal,
        &["SEND_EMAIL", "LINKEDIN_CONNECT"],
    ),
];

const SUBJECTS: [&str; 4] = [
    "Orders that arrive late at {{account.name}}",
    "A question on your nightly batch",
    "How others in your industry do it",
    "Should I close your file?",
];

const BODIES: [&str; 4] = [
    "<p>Hi {{recipient.first_name}},</p><p>most operations teams find out about a failed transfer when a customer calls. Is that how it is at {{account.name}}?</p>",
    "<p>Hi {{recipient.first_name}},</p><p>I noticed that you run several systems side by side. Would it be worth fifteen minutes to compare notes?</p>",
    "<p>Hi {{recipient.first_name}},</p><p>a company like yours cut manual corrections by a third in one quarter. I can share how.</p>",
    "<p>Hi {{recipient.first_name}},</p><p>I have not heard back, so I assume the timing is wrong. Shall I write again in three months?</p>",
];

/// The folders.
pub(crate) fn folders(company: &Company) -> Vec<Folder> {
    let owners = company.with_role(&[Role::Opener, Role::Seller]);
    let mut folders: Vec<Folder> = Vec::new();
    for (name, parent, workspace, visibility) in FOLDERS {
        let mut random = Random::new(company.seed, &format!("folder {name}"));
        folders.push(Folder {
            id: random.signed_id().to_string(),
            name,
            parent: parent.map(|parent| folders[parent].id.clone()),
            workspace,
            visibility,
            owner: owners[0],
        });
    }
    folders
}

/// The flows, oldest first.
pub(crate) fn write(company: &Company) -> Vec<Flow> {
    let owners = company.with_role(&[Role::Opener, Role::Seller]);
    let flows = FLOWS.into_iter().enumerate();
    flows
        .map(|(index, (name, folder, workspace, visibility, actions))| {
            let mut random = Random::new(company.seed, &format!("flow {name}"));
            let days = 400 - 40 * i64::try_from(index).unwrap_or_default();
            Flow {
                id: random.signed_id().to_string(),
                name,
                folder,
                workspace,
                visibility,
                // The first owner of personal things is always the same, so that a demo finds them.
                owner: if visibility != Visibility::Company {
                    owners[0]
                } else {
                    random.pick(&owners)
                },
                guest: owners[1],
                created: company.now
                    - SignedDuration::from_hours(24 * days - random.between(0, 200)),
                exclusive: (random.chance(40) && index != INCLUSIVE) || index == EXCLUSIVE,
                steps: steps(actions, &mut random),
            }
        })
        .collect()
}

fn steps(actions: &[&str], random: &mut Random) -> Vec<Value> {
    let mut emails = 0;
    let steps = actions.iter().zip(1..);
    steps
        .map(|(action, order)| {
            let is_email = action.ends_with("SEND_EMAIL");
            let place = emails % SUBJECTS.len();
            emails += usize::from(is_email);
            json!({
                "id": random.signed_id().to_string(),
                "stepOrder": order,
                "action": action,
                "subject": (is_email && emails == 1).then_some(SUBJECTS[place]),
                "body": match *action {
                    _ if is_email => Some(BODIES[place]),
                    "CALL" => Some("Ask how failed transfers are noticed today."),
                    "LINKEDIN_MESSAGE" => Some("Hi {{recipient.first_name}}, thanks for connecting."),
                    "CUSTOM" => Some("Send the one-page comparison by post."),
                    _ => None,
                },
                "isReply": is_email && emails > 1,
            })
        })
        .collect()
}

/// Prospects in flows: some forty, in every status.
pub(crate) fn run(company: &Company) -> Vec<Instance> {
    let mut random = Random::new(company.seed, "flow instances");
    let openers = company.with_role(&[Role::Opener]);
    let prospects = company
        .accounts
        .iter()
        .take(accounts::LEAST_ACCOUNTS)
        .flat_map(|account| account.people.iter().take(2));
    prospects
        .enumerate()
        .map(|(index, contact)| Instance {
            id: random.signed_id().to_string(),
            prospect: contact.crm_id.clone(),
            status: STATUSES[index % STATUSES.len()],
            flow: match (index, random.below(5)) {
                (IN_EXCLUSIVE, _) => EXCLUSIVE,
                (_, flow) => flow,
            },
            owner: random.pick(&openers),
            created: company.now - SignedDuration::from_hours(24 * random.between(2, 90)),
        })
        .collect()
}

impl Visibility {
    fn name(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Personal => "Personal",
            Self::Shared => "Shared",
        }
    }
}

impl Folder {
    /// Whether the user sees it.
    pub(crate) fn is_seen_by(&self, company: &Company, user: &User) -> bool {
        self.visibility != Visibility::Personal || company.users[self.owner].id == user.id
    }

    /// As GET /v2/flows/folders answers it: what is missing is the text "null".
    pub(crate) fn json(&self, company: &Company) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "parentFolderId": self.parent.as_deref().unwrap_or("null"),
            "createdById": company.users[self.owner].id,
            "visibility": self.visibility.name(),
        })
    }
}

impl Flow {
    /// Whether the user sees it.
    pub(crate) fn is_seen_by(&self, company: &Company, user: &User) -> bool {
        let is = |place: usize| company.users[place].id == user.id;
        match self.visibility {
            Visibility::Company => true,
            Visibility::Personal => is(self.owner),
            Visibility::Shared => is(self.owner) || is(self.guest),
        }
    }

    /// As GET /v2/flows lists it.
    pub(crate) fn json(&self, company: &Company) -> Value {
        let folder = self.folder.map(|folder| &company.folders[folder]);
        json!({
            "id": self.id,
            "name": self.name,
            "folderId": folder.map(|folder| &folder.id),
            "folderName": folder.map(|folder| folder.name),
            "visibility": self.visibility.name(),
            "creationDate": instants::to_rfc3339(self.created, &company.zone),
            "exclusive": self.exclusive,
        })
    }

    /// As POST /v2/flows/steps answers it.
    pub(crate) fn with_steps(&self, company: &Company) -> Value {
        let mut flow = self.json(company);
        if let Value::Object(fields) = &mut flow {
            fields.remove("folderName");
            fields.insert("description".to_owned(), Value::Null);
            fields.insert("steps".to_owned(), self.steps.clone().into());
        }
        flow
    }
}

impl Instance {
    /// Whether it still goes on.
    pub(crate) fn is_open(&self) -> bool {
        STATUSES[..3].contains(&self.status)
    }

    /// Whether the prospect is to be left alone for a while: somebody who has just answered.
    pub(crate) fn is_cooling_off(&self) -> bool {
        self.status == "FinishedResponse"
    }

    /// As POST /v2/flows/prospects answers it.
    pub(crate) fn json(&self, company: &Company) -> Value {
        let flow = &company.flows[self.flow];
        let owner = &company.users[self.owner];
        json!({
            "flowId": flow.id,
            "flowName": flow.name,
            "crmProspectId": self.prospect,
            "flowInstanceId": self.id,
            "flowInstanceOwnerEmail": owner.email,
            "flowInstanceOwnerFullName": owner.name(),
            "flowInstanceCreateDate": instants::to_rfc3339(self.created, &company.zone),
            "flowInstanceStatus": self.status,
            "workspaceId": company.workspaces[flow.workspace].id,
            "exclusive": flow.exclusive,
        })
    }
}
