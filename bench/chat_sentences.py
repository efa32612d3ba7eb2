"""Owns what the word lists are measured with: sentences that look bad and are clean, and bad ones that look clean.

The bad ones are rude on purpose: without them nobody knows what the lists let through.
"""

from collections.abc import Iterator

CLEAN = """
çok sık geliyorum buraya
canım sıkıldım artık
sıkıntı yok hallederiz
trafik çok sıkışık bu akşam
şık olmuşsun bugün
bu elbise çok şık
dişimi sıktım ve bekledim
sık sık görüşelim
limon sıktım çaya
sıkı tutun düşme
sıkıcı bir film izledim
kemerleri sıkma zamanı
portakal sıkacağı aldım
sıkıştım kaldım arada
amca nasılsın
amcam yarın gelecek
amcamın oğlu evlendi
ama ben öyle demedim
amacım sadece yardım etmek
amaçsız dolaşıyoruz
amatör ligde oynuyor
ambalajı açtım
ambulans geldi
amin inşallah
amin hocam ellerinize sağlık
Amina diye bir arkadaşım var
Amine teyze selam söyledi
amir bey izin verdi
ampul patladı
anlamına bakmadım
tamamına katılıyorum
akşamına gelirim
tamamını okudum
götürdü beni okula
götürüyorum çocukları
götürmeyin onu
bunu eve götür
beni de götürün
göğe bakalım
got it thank you
I got you a present
gotik mimari severim
boks maçı başladı
boksör oldu sonunda
bokser köpeğim var
sikke koleksiyonu yapıyorum
Osmanlı sikkeleri sergisi
ağır siklet boks şampiyonu
siklon geliyormuş
siklamen çiçeği aldım
motosiklet kullanıyorum
motosikletim bozuldu
bisiklet sürüyorum
bisikletle geldim
psikolog önerir misiniz
psikoloji okuyorum
fiziksel olarak yorgunum
klasik müzik seviyorum
klasikler arasında
eksik kalmasın
eksikti bir şeyler
musiki dinleyelim
musikişinas bir aile
basiki yazılım
müzik ikinci sırada
piknik yapalım
pikap aldım
topik çok güzel
tropik meyveler
epic oyun olmuş
picasso sergisi
picture çok net
pic at bana
pilates yapıyorum
piçot diye bir marka var
kahve içelim
kahpaşa diye okudum
kalp kalbe karşı
kaltık diye bir yer
yaralı bir kuş
yaramaz çocuk
yararlı bir video
yarar sağlar
yarasa gördüm
yaratıcı bir yayın
taş aktı dereden
taşıyorum kutuları
taşındık geçen ay
taşra hayatı güzel
Tasarım harika
pasta yaptım
pusula nerede
puslu bir hava
postacı geldi
gavotte dansı
ibadet saati
İbn-i Sina okuyorum
ibrahim abi selam
yavaş git
yavaşça anlat
yavşan otu çayı
sürtünme kuvveti
sürtme onu yere
sürüyor hala
şerefe arkadaşlar
şerefli bir insan
şeref abi hoş geldin
orospuk
or spu diye bir kod
orkestra başladı
orman yürüyüşü
oruç tutuyorum
oç
saksı aldım
saksofon çalıyor
saksafoncu geldi
dalya dedim
dalyan balığı
ananas suyu içtim
ananas yer misin
ananem geldi
anasınıfı öğretmeni
anane eli öptüm
annanem hasta
peynir zeytin
pezo diye biri
fukara babası
fuar alanı
fukuşima belgeseli
fularım nerede
shift tuşu bozuk
shih tzu köpeğim var
Scunthorpe maçı kazandı
Essex ve Sussex
bitki çayı
bit pazarı
bitcoin düştü
bitti mi yayın
classic assassin's creed
assistant needed
assess the passage
cockpit görüntüsü
cocktail tarifi
peacock tüyü
dickens okuyorum
Moby Dick güzel kitap
dik dur eğilme
dikiş makinesi
dikkat et kendine
dikkatsiz sürücü
I am from Izmir
I am so happy
am I late
9 am start
shitake mantarı
whole day
who are you
who ever wins
slutsky denklemi
nigiri sushi
Nijerya maçı
Niğde gazozu
niger nehri
fagot çalıyorum
faturayı ödedim
retro oyunlar
retarder fren sistemi
wanna play
pussycat dolls dinliyoruz
twaties
price ne kadar
pricing page
prickly pear
rapid gelişme
rap istiyoruz
kill the boss
killer whale belgeseli
jerk chicken tarifi
1453 yılında fethedildi
19 mayıs kutlu olsun
3 aşk 1 hayat
100 kişi olduk
500 takipçi olsun
50 1 1 0 kod
4k yayın
5 te 5 yaptık
a b c d e f g
t a t l ı
o k a d a r
e v e t
saat kaçta
maalesef olmadı
şiir oku bize
cemaat toplandı
teessüf ederim
müzakere sürüyor
akıllı telefon
bal gibi
mükemmeeeel bir yayın
süpeeer olmuş
evvvet
hayıııır
çoook güzel
heeey merhaba
of of of
ooo hoş geldin
***harika***
* not: yayın geç başlar
2*3 kaç eder
a*b=c
yıldız * verdim
5*5 salon
ellerine sağlık şef
keklik gibi
sekiz sene oldu
sakin ol
sokak lambası
sükut altındır
seke seke geldim
seksen kişi
eskişehir yolu
Eski şarkılar
kısık sesle dinliyorum
ısıktım diye yazmış
kesik kesik geliyor ses
ses kesiliyor sürekli
esikten girdi
beşiktaş maçı
Beşiktaşlıyım
İstanbul çok sıcak
ışık hızında
IŞIK AÇIK KALMIŞ
SIKI SIKI SARIL
ŞIK BİR MEKAN
AMCA HOŞ GELDİN
GÖTÜRDÜLER BENİ
""".strip().splitlines()

# "orospuk" and "oç" stand above by intent: the first is what a false alarm would look like, the second one is rude.
NOT_CLEAN = {"orospuk", "oç", "or spu diye bir kod"}

RUDE = """
siktir git
siktirin gidin hepiniz
sen bir orospusun
orospu çocuğu
orospunun evladı
amk ya
amına koyayım
amina koyim
amınakoyayım
götünü yırtarım
götveren herif
piç kurusu
piçin tekisin
yarrak kafalı
yarrağımı ye
taşaklı çocuk
ibne misin
ibneler toplanmış
pezevenk herif
pezevengin teki
gavat
kahpe dölü
kaltağın tekisin
sürtük karı
yavşak herif
yavşağın önde gideni
şerefsiz köpek
sikeyim böyle yayını
sikerim seni
sikecem şimdi
sikişelim mi
sikik yayın
sikim sonik
sikime kadar
siktiğim oyunu
ananı sikeyim
ananın amına
dalyarak
puştluk yapma
saksocu
fuck you
go fuck yourself
motherfucker
you bitch
son of a bitch
what a cunt
asshole
stupid whore
kill yourself
kys loser
bullshit
fucking idiot
you are a faggot
dickhead
wanker
bok gibi yayın
boktan bir iş
oç
amcık
amcığın teki
""".strip().splitlines()

FRAMES = ("{}", "{} ya", "sen {}", "hadi {} be")
HIDDEN_WORDS = (
    "siktir", "orospu", "amcık", "pezevenk", "yarrak", "kahpe", "ibne", "gavat", "yavşak", "şerefsiz",
    "fuck", "bitch", "whore", "asshole", "motherfucker",
)  # fmt: skip


def hidden(word: str) -> Iterator[str]:
    """Ways to write a word so that people read it and a list does not find it."""
    yield word.upper().replace("i", "İ")
    yield " ".join(word)
    yield ".".join(word)
    yield "-".join(word)
    yield word.translate(str.maketrans("oaeis", "04315"))
    yield word[:2] + word[2] * 4 + word[3:]
    yield word.translate(str.maketrans("çğıöşü", "cgiosu"))
    yield "\u200b".join(word)
    yield word.translate(str.maketrans("aeo", "аео"))  # Cyrillic  # noqa: RUF001
    yield word[:2] + "*" + word[3:]


def bad_sentences() -> list[str]:
    """The rude ones as they are, and each hidden word in one frame."""
    forms = [form for word in HIDDEN_WORDS for form in hidden(word)]
    return [*RUDE, *(FRAMES[n % len(FRAMES)].format(form) for n, form in enumerate(forms))]
