"""Posts from outside: files in the shape of two public collections, odd ones included, every record answered for."""

from datetime import UTC, datetime

import pytest

from app.sources._base import ReadOptions, read_file
from app.sources.mapped_csv import shipped

STOCKNET = (
    "message_id,ts_utc,collected_for,author,text,cashtags,mentions,in_reply_to_message,in_reply_to_author,"
    "retweet_of_message,retweet_of_author,author_followers,author_following,author_statuses,author_verified,lang\n"
    '11,2014-01-01T11:00:54Z,KO,u_1,Weekly S&amp;P trend $KO $DIS  @ http://t.example/x,DIS KO,"","","","","",547,7,10211,false,en\n'
    '12,2014-01-01T11:01:00Z,KO,u_2,"Quoted, with a comma and ""quotes""\nand a second line $KO",KO,"",11,u_1,"","",5,7,3,false,en\n'
    '13,2014-01-01T11:02:00Z,KO,u_3,No tag at all,"","","","","","",5,7,3,false,en\n'
    '14,not a time,KO,u_3,When was that $KO,KO,"","","","","",5,7,3,false,en\n'
    '13,2014-01-01T11:02:00Z,KO,u_3,No tag at all,"","","","","","",5,7,3,false,en\n'
)
TABORDA = (
    "id;created_at;text;sentiment\n"
    '7;2020-04-15 01:03:46+00:00;"RT @u_1: Yo💥\nEnter to WIN; really\n\nRETWEET…";positive\n'
    '8;2020-06-04 15:41:45+00:00;"$AMD Ryzen looking ‘great’ &gt; on track #stocks";negative\n'
    "9;2020-06-05 10:00:00+00:00;No label for this one;\n"
    "10;2020-06-05 10:00:00+00:00;<script>window.__x=1</script> =1+1 \u202egnp.exe;neutral\n"
    "11;2020-06-05 10:00:00+00:00;What is the label;so-so\n"
)


def read(tmp_path, text, name):
    path = tmp_path / "posts.csv"
    path.write_bytes(text.encode())
    return read_file(path, options=ReadOptions(filename=path.name, mapping=shipped()[name], currency="USD"))


def test_stocknet_lines_become_posts_with_their_tags_and_answers(tmp_path):
    made = read(tmp_path, STOCKNET, "stocknet-tweets")
    rows = {row["post_id"]: row for row in made.tables["posts"].to_dicts()}
    assert sum(made.counts().values()) == made.records == 5
    assert (made.counts()["accepted"], made.counts()["rejected"]) == (len(rows), 1)
    assert rows["11"]["instrument_ids"] == ["DIS", "KO"]
    assert rows["12"]["text"] == 'Quoted, with a comma and "quotes"\nand a second line $KO'
    assert (rows["12"]["in_reply_to"], rows["11"]["in_reply_to"]) == ("11", None)
    assert rows["11"]["transact_time"] == datetime(2014, 1, 1, 11, 0, 54, tzinfo=UTC)
    assert not rows["13"]["instrument_ids"]
    assert made.rejects.select("column", "value").rows() == [("transact_time", "not a time")]


def test_taborda_lines_with_semicolons_and_empty_lines_inside_stay_whole(tmp_path):
    made = read(tmp_path, TABORDA, "taborda-tweets")
    rows = {row["post_id"]: row for row in made.tables["posts"].to_dicts()}
    assert sum(made.counts().values()) == made.records == 5
    assert rows["7"]["text"] == "RT @u_1: Yo💥\nEnter to WIN; really\n\nRETWEET…"
    assert {name: row["sentiment_label"] for name, row in rows.items()} == {
        "7": "positive", "8": "negative", "9": None, "10": "neutral",
    }  # fmt: skip
    assert rows["8"]["transact_time"] == datetime(2020, 6, 4, 15, 41, 45, tzinfo=UTC)
    assert rows["10"]["text"].startswith("<script>")  # kept as it is; shown as text
    assert made.rejects.select("column", "value").rows() == [("sentiment_label", "so-so")]


@pytest.mark.parametrize("name", ["stocknet-tweets", "taborda-tweets"])
def test_the_same_bytes_twice_are_the_same_records(tmp_path, name):
    text = STOCKNET if name.startswith("stock") else TABORDA
    first, again = (read(tmp_path, text, name).raw["raw_id"].to_list() for _ in range(2))
    assert first == again
    assert len(set(first)) == len(first)
