//! Which shard of a sweep this process does.

/// The sources of `--shard auto`: who sets it, index, least index, count, step. There must be one.
///
/// # Source
/// Slurm sbatch(1), job arrays; Open MPI mpirun(1); AWS Batch "Array jobs"; Kubernetes "Indexed Job"; HyperQueue
/// "Task arrays".
const SOURCES: [Source; 5] = [
    Source {
        who: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        least: Some("SLURM_ARRAY_TASK_MIN"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        count: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    Source {
        who: "Open MPI",
        index: "OMPI_COMM_WORLD_RANK",
        least: None,
        step: None,
        count: Some("OMPI_COMM_WORLD_SIZE"),
    },
    Source { who: "AWS Batch", index: "AWS_BATCH_JOB_ARRAY_INDEX", least: None, step: None, count: None },
    Source { who: "Kubernetes", index: "JOB_COMPLETION_INDEX", least: None, step: None, count: None },
    Source { who: "HyperQueue", index: "HQ_TASK_ID", least: None, step: None, count: None },
];

struct Source {
    who: &'static str,
    index: &'static str,
    least: Option<&'static str>,
    step: Option<&'static str>,
    count: Option<&'static str>,
}

/// Reads `k/n`, or finds it out for `auto`; `shards` is how many there are where nobody says.
///
/// # Errors
/// What is wrong and what is allowed, in words.
pub fn shard(
    text: &str,
    shards: Option<u64>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(u64, u64), String> {
    if text != "auto" {
        if shards.is_some() {
            return Err("--shards goes with --shard auto: k/n says how many there are".to_string());
        }
        let pair = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        let (k, n) =
            pair.ok_or_else(|| format!("--shard {text}: write k/n with k from 0, as in 0/4, or auto"))?;
        return within(k, n, &format!("--shard {text}"));
    }
    let mut set: Vec<(&Source, u64)> = Vec::new();
    for source in &SOURCES {
        if let Some(index) = number(source.index, &variable)? {
            set.push((source, index));
        }
    }
    let (source, index) = match set[..] {
        [one] => one,
        [] => {
            let all: Vec<&str> = SOURCES.iter().map(|source| source.index).collect();
            return Err(format!("--shard auto: none of {} is set; say --shard k/n", all.join(", ")));
        }
        _ => {
            let who = |(source, index): &(&Source, u64)| format!("{} ({}={index})", source.who, source.index);
            let all: Vec<String> = set.iter().map(who).collect();
            return Err(format!(
                "--shard auto: {} each say which shard this is: say --shard k/n",
                all.join(" and ")
            ));
        }
    };
    let optional = |name: Option<&str>| name.map_or(Ok(None), |name| number(name, &variable));
    let (least, step) = (optional(source.least)?.unwrap_or(0), optional(source.step)?.unwrap_or(1).max(1));
    let Some(n) = optional(source.count)?.or(shards) else {
        return Err(format!(
            "{} says which shard this is ({}={index}), not of how many: add --shards N",
            source.who, source.index
        ));
    };
    if let Some(shards) = shards.filter(|shards| *shards != n) {
        return Err(format!("{} says there are {n} shards, --shards {shards}", source.who));
    }
    let k = index.checked_sub(least).map(|k| k / step);
    let k = k.ok_or_else(|| format!("{}={index} lies below the least index {least}", source.index))?;
    within(k, n, source.index)
}

fn within(k: u64, n: u64, what: &str) -> Result<(u64, u64), String> {
    if k < n {
        Ok((k, n))
    } else {
        Err(format!("{what}: shards are counted from 0, so of {n} there is none with the number {k}"))
    }
}

fn number(name: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Option<u64>, String> {
    match variable(name) {
        None => Ok(None),
        Some(text) => text.trim().parse().map(Some).map_err(|_| format!("{name} is no whole number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(set: &[(&str, &str)], shards: Option<u64>) -> Result<(u64, u64), String> {
        shard("auto", shards, |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()))
    }

    #[test]
    fn k_of_n_is_read() {
        let read = |text| shard(text, None, |_| None);
        assert_eq!(read("0/4"), Ok((0, 4)));
        assert_eq!(read("3/4"), Ok((3, 4)));
        assert!(read("4/4").unwrap_err().contains("counted from 0"));
        for wrong in ["", "1", "a/b", "-1/3", "1/0"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn array_jobs_say_which_shard_this_is() {
        let slurm =
            [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_MIN", "5"), ("SLURM_ARRAY_TASK_COUNT", "4")];
        assert_eq!(auto(&slurm, None), Ok((2, 4)));
        let stepped = [slurm[0], slurm[1], slurm[2], ("SLURM_ARRAY_TASK_STEP", "2")];
        assert_eq!(auto(&stepped, None), Ok((1, 4)));
        assert_eq!(auto(&[("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "2")], None), Ok((1, 2)));
        assert_eq!(auto(&[("JOB_COMPLETION_INDEX", "3")], Some(5)), Ok((3, 5)));
        assert!(auto(&[("JOB_COMPLETION_INDEX", "3")], None).unwrap_err().contains("--shards N"));
        assert!(auto(&slurm, Some(9)).unwrap_err().contains("4 shards"));
        assert!(auto(&[], None).unwrap_err().contains("SLURM_ARRAY_TASK_ID"));
        let both =
            [slurm[0], slurm[1], slurm[2], ("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_SIZE", "4")];
        let said = auto(&both, None).unwrap_err();
        assert!(
            said.contains("Slurm (SLURM_ARRAY_TASK_ID=7) and Open MPI (OMPI_COMM_WORLD_RANK=2)"),
            "{said}"
        );
        // Nor is a second one passed over that does not say everything.
        let two = [("JOB_COMPLETION_INDEX", "1"), ("HQ_TASK_ID", "1")];
        assert!(
            auto(&two, Some(2)).unwrap_err().contains("Kubernetes (JOB_COMPLETION_INDEX=1) and HyperQueue")
        );
        assert!(auto(&[("HQ_TASK_ID", "x")], Some(2)).unwrap_err().contains("whole number"));
    }
}
