"""Real sentences in several scripts, and ways to look at cues."""

from workers.captions.cues import CaptionText, Cue
from workers.captions.rules import Rules

SENTENCES = {
    "en": (
        "Mr. John Dashwood had then leisure to consider how much there might prudently be in his "
        "power to do for them. He was not an ill-disposed young man, unless to be rather cold "
        "hearted and rather selfish is to be ill-disposed."
    ),
    "es": (
        "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que "
        "vivía un hidalgo de los de lanza en astillero, adarga antigua, rocín flaco y galgo "
        "corredor."
    ),
    "de": (
        "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem "
        "Bett zu einem ungeheueren Ungeziefer verwandelt."
    ),
    "ru": (
        "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива "
        "по-своему. Всё смешалось в доме Облонских."
    ),
    "ja": (
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗い"
        "じめじめした所でニャーニャー泣いていた事だけは記憶している。"
    ),
    "zh": (
        "今天下午，我们在北京的办公室里讨论了新的计划，大家都觉得这个项目很有意思。"
        "她说：“我不知道我们能不能按时完成。”然后离开了。"
    ),
    "zh-TW": "今天下午，我們在臺北的辦公室裡討論了新的計畫，大家都覺得這個專案很有意思。",
    "ko": (
        "오늘은 날씨가 정말 좋아서 친구들과 함께 공원에 가서 맛있는 점심을 먹고 즐거운 시간을 "
        "보냈습니다. 그런데 갑자기 비가 내리기 시작했어요."
    ),
    "th": (
        "วันนี้อากาศดีมากและเราจะไปเที่ยวทะเลกับเพื่อนๆ ที่ทำงานเพราะว่าเราไม่ได้หยุดงานมานานแล้ว "
        "หลังจากนั้นเราจะไปกินข้าวเย็นด้วยกันที่ร้านอาหารริมทะเล"
    ),
    "ar": (
        "كان يا ما كان في قديم الزمان، عاش ملك عادل في مدينة كبيرة على ضفاف النهر، وكان الناس "
        "يحبونه كثيرا لأنه كان يساعد الفقراء والمحتاجين في كل يوم."
    ),
    "he": (
        "בראשית ברא אלוהים את השמים ואת הארץ, והארץ הייתה תוהו ובוהו וחושך על פני תהום, ורוח "
        "אלוהים מרחפת על פני המים. ויאמר אלוהים: יהי אור, ויהי אור."
    ),
    "km": "ថ្ងៃនេះអាកាសធាតុល្អណាស់ហើយយើងនឹងទៅលេងសមុទ្រជាមួយមិត្តភក្តិនៅកន្លែងធ្វើការ",
}


def said(text: str, rules: Rules, start: float = 1.0, ease: float = 1.2) -> CaptionText:
    """The text spoken `ease` times as slowly as it may be read."""
    return CaptionText(start, start + ease * rules.compute_reading_time(text) / 1000, text)


def lines(cues: list[Cue]) -> list[str]:
    return [line for cue in cues for line in cue.text.split("\n")]


def characters(text: str) -> str:
    """All of the text that is seen."""
    return "".join(text.replace("\u200f", "").split())
